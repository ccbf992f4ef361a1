import { createReadStream } from 'node:fs'

import { CarBlockIterator } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { sha512 } from 'multiformats/hashes/sha2'
import { expect, it } from 'vitest'

import { DAG_PB, RAW } from '../../src/model/cid.ts'
import { openStore } from '../../src/store/store.ts'
import { createKuboRepository, findKubo } from '../support/kubo.ts'
import { numberedBlock, rawBlock, writePack } from '../support/store-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const kubo = findKubo()

it.skipIf(kubo === undefined)('Kubo imports a pack, and @ipld/car reads it', async () => {
  const store = await openStore(temporaryFolder())
  const bytes = Uint8Array.from(Buffer.from('by another hash function'))
  const blocks = [
    ...Array.from({ length: 50 }, (_, i) => numberedBlock(i)),
    rawBlock(new Uint8Array(1_048_576).fill(1)),
    // An empty UnixFS directory.
    rawBlock(Uint8Array.of(0x0a, 0x02, 0x08, 0x01), DAG_PB),
    { cid: CID.createV1(RAW, await sha512.digest(bytes)), bytes },
  ]
  const path = await writePack(store, blocks)

  const read = new Map<string, Uint8Array>()
  for await (const { cid, bytes } of await CarBlockIterator.fromIterable(createReadStream(path))) {
    read.set(cid.toString(), bytes)
  }
  expect([...read.keys()].sort()).toEqual(blocks.map(({ cid }) => cid.toString()).sort())

  const { ipfs } = await createKuboRepository(kubo!, temporaryFolder())
  const report = ipfs(['dag', 'import', '--pin-roots=false', '--stats', path]).toString()
  expect(report).toContain(`Imported ${blocks.length} blocks`)
  for (const { cid, bytes } of blocks) {
    expect(Buffer.compare(ipfs(['--offline', 'block', 'get', cid.toString()]), bytes)).toBe(0)
  }
})
