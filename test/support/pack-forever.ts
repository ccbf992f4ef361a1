/**
 * A process of its own that writes packs into the store in a folder and merges them, for ever: `node pack-forever.ts
 * FOLDER FIRST`. Prints the number of each block once it is durable, counting from FIRST.
 */
import { join } from 'node:path'

import { acquireLock } from '../../src/store/lock/lock.ts'
import { openStore } from '../../src/store/store.ts'
import { numberedBlock } from './store-files.ts'

const [folder = '', first = '0'] = process.argv.slice(2)
const store = await openStore(folder, { command: 'pack-forever' })
const lock = await acquireLock(join(folder, 'lock.db'), { command: 'pack-forever', waitMs: 10_000 })
for (let number = Number(first); ; number += 20) {
  const pack = await store.createPack()
  for (let i = 0; i < 20; i++) pack.add(numberedBlock(number + i))
  await pack.finish()
  process.stdout.write(`${number + 19}\n`)
  if (number % 60 === 0) await store.consolidate(lock, { all: true })
}
