import { expect, test } from 'vitest'

import { fileOfPieces } from '../support/build-file.ts'
import { seededPieces } from '../support/seeded.ts'

test.each([
  ['at the limit of a node', 1_073_741_824, 'bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm'],
  ['one byte above it', 1_073_741_825, 'bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe'],
  ['one chunk above it', 1_074_790_400, 'bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue'],
])('file of 1024 chunks, %s', (_, size, cid) => {
  expect(fileOfPieces(seededPieces('v1-2025-seed', size)).cid.toString()).toBe(cid)
})
