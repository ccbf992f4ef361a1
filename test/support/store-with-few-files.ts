/**
 * A process of its own that does everything a store can with many packs and many loose blocks at once: `node
 * store-with-few-files.ts FOLDER`, under `ulimit -n`. Prints "done" when all went well.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'

import { acquireLock } from '../../src/store/lock/lock.ts'
import { openStore } from '../../src/store/store.ts'
import { numberedBlock } from './store-files.ts'

const [folder = ''] = process.argv.slice(2)
const store = await openStore(folder)
const packed = Array.from({ length: 30 * 5 }, (_, i) => numberedBlock(i))
for (let at = 0; at < packed.length; at += 5) {
  const pack = await store.createPack()
  for (const block of packed.slice(at, at + 5)) pack.add(block)
  await pack.finish()
}
const loose = Array.from({ length: 200 }, (_, i) => numberedBlock(1000 + i))
const writers = await Promise.all(Array.from({ length: 3 }, () => store.createPack()))
for (const [i, writer] of writers.entries()) writer.add(numberedBlock(2000 + i))
await Promise.all(loose.map((block) => store.put(block)))
const read = await Promise.all([...packed, ...loose].map(({ cid }) => store.get(cid)))
for (const [i, block] of [...packed, ...loose].entries()) assert.deepEqual(read[i], block.bytes)
for (const writer of writers) await writer.finish()
const lock = await acquireLock(join(folder, 'lock.db'), { command: 'few files' })
await store.consolidate(lock)
for (const { cid, bytes } of packed) assert.deepEqual(store.getSync(cid), bytes)
for await (const finding of store.verifyPacks()) assert.fail(finding.message)
process.stdout.write('done')
