import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { encodeTag } from '../../src/model/commit/tag.ts'
import { EMPTY_DIRECTORY } from '../../src/model/directory/directory.ts'
import { encodeManifest, type Manifest } from '../../src/model/manifest/manifest.ts'
import { createTransferPack } from '../../src/sync/clone/transfer-pack.ts'
import { fetchDag } from '../../src/sync/walk/fetch-dag.ts'
import { leaf } from '../support/hostile-trees.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { ANN } from '../support/repository.ts'
import { commitTree, digestsIn, digestText, reachedBy, temporaryStore, transfer } from '../support/transfer.ts'

const blocks = new MemoryBlocks()
blocks.putAll([leaf, EMPTY_DIRECTORY])
const first = commitTree(blocks, { a: 'a' })
const second = commitTree(blocks, { a: 'b', 'dir/c': 'c' }, [first])
const tag = encodeTag({ object: first, objectType: 'commit', name: 'v1', tagger: ANN, message: 'v1' })
blocks.put(tag)

function manifestOf(branches: Manifest['branches'], tags: Manifest['tags']): CID {
  const block = encodeManifest({ name: 'birds', description: '', branches, tags })
  blocks.put(block)
  return block.cid
}

const manifest = manifestOf(
  [
    { name: 'main', head: second },
    { name: 'old', head: first },
  ],
  [
    { name: 'empty', target: EMPTY_DIRECTORY.cid },
    { name: 'file', target: leaf.cid },
    { name: 'v1', target: tag.cid },
    { name: 'v2', target: second },
  ],
)

describe('a manifest that is wanted', () => {
  it('brings the heads of its branches and the targets of its tags', async () => {
    const store = await temporaryStore()
    await transfer(blocks, store, [manifest], { receive: { wanted: 'manifest' } })
    const expected = await reachedBy(blocks, [manifest])
    expect([...expected]).toEqual(expect.arrayContaining([second, first, tag.cid, leaf.cid].map(String)))
    expect(await digestsIn(store)).toHaveLength(expected.size)
  })

  it('comes first, then its branches, then its tags, in their order', async () => {
    const store = await temporaryStore()
    await transfer(blocks, store, [second])
    const before = await digestsIn(store)
    const { received } = await transfer(blocks, store, [manifest], { receive: { wanted: 'manifest', haves: [second] } })
    expect(received.blocks).toBe(4)
    const added = (await digestsIn(store)).filter((digest) => !before.includes(digest))
    expect(added).toEqual([manifest, EMPTY_DIRECTORY.cid, leaf.cid, tag.cid].map(digestText).sort())
  })

  it('comes block by block too', async () => {
    const store = await temporaryStore()
    const pack = await createTransferPack(store)
    const wants = [manifest]
    await fetchDag((cid) => blocks.get(cid), { label: 'peer X', wants, wanted: 'manifest', pack, local: store })
    expect(await digestsIn(store)).toHaveLength((await reachedBy(blocks, [manifest])).size)
  })

  it.each([
    ['a commit', second, 'not-a-manifest'],
    ['a directory', EMPTY_DIRECTORY.cid, 'not-a-manifest'],
    ['a manifest with a tag for a head', manifestOf([{ name: 'main', head: tag.cid }], []), 'not-a-commit'],
    ['a manifest in a manifest', manifestOf([], [{ name: 'v1', target: manifest }]), 'not-a-commit'],
  ])('is refused where it is %s', async (_what, cid, code) => {
    const store = await temporaryStore()
    await expect(transfer(blocks, store, [cid], { receive: { wanted: 'manifest' } })).rejects.toMatchObject({ code })
    const pack = await createTransferPack(store)
    const options = { label: 'peer X', wants: [cid], wanted: 'manifest', pack, local: store } as const
    await expect(fetchDag((each) => blocks.get(each), options)).rejects.toMatchObject({ code })
    expect(await digestsIn(store)).toEqual([])
  })

  it('is refused where a commit is wanted', async () => {
    const store = await temporaryStore()
    await expect(transfer(blocks, store, [manifest])).rejects.toMatchObject({ code: 'not-a-commit' })
    expect(await digestsIn(store)).toEqual([])
  })
})
