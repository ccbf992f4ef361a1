import { expect, it, onTestFinished } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { cidOf, RAW } from '../../../src/model/cid.ts'
import { openStore } from '../../../src/store/store.ts'
import { createTransferPack } from '../../../src/sync/clone/transfer-pack.ts'
import { seededBytes } from '../../support/seeded.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

it('keeps every block, whoever adds while one pack is made durable and the next begins', async () => {
  const store = await openStore(temporaryFolder())
  onTestFinished(() => store.close())
  for (let round = 0; round < 6; round++) {
    const pack = await createTransferPack(store, { rollBytes: 3_000_000 })
    const added: Block[] = []
    const adders = Array.from({ length: 3 }, async (_, adder) => {
      for (let at = 0; at < 8; at++) {
        const bytes = seededBytes(`${round} ${adder} ${at}`, 700_000 + at)
        const block = { cid: cidOf(RAW, bytes), bytes }
        expect(pack.add(block)).toBe(true)
        added.push(block)
        expect(pack.get(block.cid)?.length).toBe(bytes.length)
        await pack.drain()
      }
    })
    await Promise.all(adders)
    const packs = await pack.finish()
    expect(packs.length).toBeGreaterThan(2)
    for (const { cid, bytes } of added) expect(Buffer.compare(await store.get(cid), bytes)).toBe(0)
  }
})
