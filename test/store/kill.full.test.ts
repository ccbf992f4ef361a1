import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { acquireLock } from '../../src/store/lock/lock.ts'
import { openStore } from '../../src/store/store.ts'
import { createRandom } from '../support/random.ts'
import { all, numberedBlock } from '../support/store-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const KILLS = 60
const program = fileURLToPath(new URL('../support/pack-forever.ts', import.meta.url))

it('a store loses nothing and holds nothing up when its writer is killed at any moment', async () => {
  const folder = temporaryFolder()
  const random = createRandom(Date.now())
  let durable = -1
  let kills = 0
  let temporariesLeft = 0
  while (kills < KILLS) {
    const child = spawn(process.execPath, [program, folder, String(durable + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface(child.stdout)
    lines.on('line', (line) => {
      durable = Number(line)
    })
    const exit = once(child, 'exit')
    await once(lines, 'line')
    await sleep(random() * 150)
    child.kill('SIGKILL')
    await exit
    kills++
    const store = await openStore(folder)
    const lock = await acquireLock(join(folder, 'lock.db'), { command: 'test', waitMs: 0 })
    lock.release()
    for (let number = 0; number <= durable; number++) {
      const { cid, bytes } = numberedBlock(number)
      const read = store.getSync(cid)
      if (read === undefined || Buffer.compare(read, bytes) !== 0) expect.fail(`block ${number} after kill ${kills}`)
    }
    expect(await all(store.verifyPacks())).toEqual([])
    temporariesLeft += temporaryPacks(folder)
    const pack = await store.createPack()
    expect(temporaryPacks(folder)).toBe(0)
    pack.abort()
    await store.close()
  }
  // Otherwise the kills came at the wrong moments, and this test has shown nothing.
  expect(temporariesLeft).toBeGreaterThan(0)
})

function temporaryPacks(folder: string): number {
  return readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('pack-')).length
}
