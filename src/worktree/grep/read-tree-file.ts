import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { namingPath } from '../../repo/merge/open-entry.ts'

/** The bytes of a file of a tree or of the index, in pieces; errors name its path. */
export async function* readTreeFile(
  source: BlockSource,
  path: string,
  { cid, tsize }: { cid: CID; tsize?: number },
  { signal }: AbortOptions,
): AsyncGenerator<Uint8Array> {
  const pieces = readFile(source, cid, { tsize, signal })
  for (;;) {
    const { done, value } = await namingPath(path, () => pieces.next())
    if (done === true) return
    yield value
  }
}
