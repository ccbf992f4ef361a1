import { expect, test } from 'vitest'

import { compareIgnoreWithGit } from '../support/ignore-corpus.ts'
import { createSeededRandom } from '../support/seeded-random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('ignore files decide as git does on a large generated corpus', () => {
  using directory = temporaryDirectory()
  let paths = 0
  for (let seed = 1000; seed < 2000; seed++) {
    const result = compareIgnoreWithGit(directory.path, createSeededRandom(seed))
    paths += result.paths
    expect(result.differences, `seed ${seed}`).toEqual([])
  }
  expect(paths).toBeGreaterThan(30_000)
})
