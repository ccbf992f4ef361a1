import { describe, expect, it } from 'vitest'

import { cidOf, DAG_JSON } from '../../src/model/cid.ts'
import { EMPTY_DIRECTORY } from '../../src/model/directory/directory.ts'
import { createTransferPack } from '../../src/sync/clone/transfer-pack.ts'
import { carStart } from '../../src/sync/protocol/car-stream.ts'
import { withLength } from '../../src/sync/protocol/length-prefix.ts'
import { encodeResponse } from '../../src/sync/protocol/messages/sync-message.ts'
import { fetchDag } from '../../src/sync/walk/fetch-dag.ts'
import { scriptedPeer } from '../support/hostile-peer.ts'
import { commitWith, HOSTILE_TREES, leaf } from '../support/hostile-trees.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { digestsIn, receiveInto, temporaryStore, transfer } from '../support/transfer.ts'

describe.each(HOSTILE_TREES)('a tree with %s', (_what, tree) => {
  it('is refused when it is received, and nothing is written', async () => {
    const { blocks, commit } = commitWith(tree)
    const store = await temporaryStore()
    const refused = transfer(blocks, store, [commit])
    await expect(refused).rejects.toMatchObject({ code: 'tree-invalid', details: { peer: 'peer X' } })
    expect(await digestsIn(store)).toEqual([])
  })

  it('is refused when it is fetched block by block, and nothing is written', async () => {
    const { blocks, commit } = commitWith(tree)
    const store = await temporaryStore()
    const pack = await createTransferPack(store)
    const refused = fetchDag((cid) => blocks.get(cid), { label: 'peer X', wants: [commit], pack, local: store })
    await expect(refused).rejects.toMatchObject({ family: 'integrity', details: { peer: 'peer X' } })
    expect(await digestsIn(store)).toEqual([])
  })
})

describe('what is wanted', () => {
  const blocks = new MemoryBlocks()
  blocks.putAll([leaf, EMPTY_DIRECTORY])
  const note = { cid: cidOf(DAG_JSON, Buffer.from('{"a":"b"}')), bytes: Buffer.from('{"a":"b"}') }
  blocks.put(note)

  it.each([
    ['a file', leaf.cid],
    ['a directory', EMPTY_DIRECTORY.cid],
    ['another DAG-JSON node', note.cid],
  ])('is refused where it is %s and no commit', async (_what, cid) => {
    const store = await temporaryStore()
    const block = withLength(Buffer.concat([cid.bytes, await blocks.get(cid)]))
    const accepted = encodeResponse({ haves: [], resume: 0 })
    const peer = scriptedPeer(Buffer.concat([accepted, carStart([cid]), block]))
    await expect(receiveInto(store, peer, [cid])).rejects.toMatchObject({ code: 'not-a-commit' })
    const pack = await createTransferPack(store)
    const fetching = fetchDag((each) => blocks.get(each), { label: 'peer X', wants: [cid], pack, local: store })
    await expect(fetching).rejects.toMatchObject({ code: 'not-a-commit' })
    expect(await digestsIn(store)).toEqual([])
  })
})
