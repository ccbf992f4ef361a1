import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

import { cidOf, DAG_PB, RAW } from '../../../src/model/cid.ts'
import type { IndexEntry } from '../../../src/worktree/index/index-entry.ts'

/** Names that sort on either side of `/`, are prefixes of each other, or are not ASCII. */
export const nameArbitrary = fc.oneof(
  fc.constantFrom('a', 'b', 'a.b', 'a-b', 'a0', 'aé', 'é', '日本', '😀', '\uFFFD', 'x y', '\n', '"', '\\'),
  fc.stringMatching(/^[a-c]{1,3}$/),
)

export const pathArbitrary = fc.array(nameArbitrary, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))

/** CIDs of every form that the index keeps. */
export const cidArbitrary = fc
  .tuple(fc.constantFrom('raw', 'dag-pb', 'v0', 'long', 'identity'), fc.nat(30))
  .map(([form, seed]) => {
    const bytes = Uint8Array.of(seed)
    if (form === 'raw') return cidOf(RAW, bytes)
    if (form === 'dag-pb') return cidOf(DAG_PB, bytes)
    if (form === 'v0') return cidOf(DAG_PB, bytes).toV0()
    if (form === 'long') return CID.createV1(DAG_PB, Digest.create(0x13, new Uint8Array(64).fill(seed)))
    return CID.createV1(RAW, Digest.create(0, bytes))
  })

/** An entry at stage 0. */
export const entryArbitrary: fc.Arbitrary<IndexEntry> = fc
  .record({
    path: pathArbitrary,
    kind: fc.constantFrom('file' as const, 'executable' as const, 'symlink' as const, 'directory' as const),
    cid: cidArbitrary,
    otherContent: cidArbitrary,
    size: fc.nat(2 ** 40),
    tsize: fc.nat(2 ** 40),
    mtimeNs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    ctimeNs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    inode: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    racy: fc.boolean(),
  })
  .map(({ otherContent, ...entry }) => ({
    ...entry,
    stage: 0 as const,
    contentCid: entry.kind === 'executable' ? otherContent : entry.cid,
  }))
