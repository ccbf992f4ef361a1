/**
 * A process of its own that writes to a small disk until it is full: `node store-on-a-full-disk.ts FOLDER`. Prints what
 * happened as JSON.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { JzfsError } from '../../src/model/errors.ts'
import { writeFileDurably } from '../../src/store/durable.ts'
import { openStore } from '../../src/store/store.ts'
import { rawBlock, writePack } from './store-files.ts'

const [folder = ''] = process.argv.slice(2)
const store = await openStore(folder)
const before = rawBlock('before')
await writePack(store, [before])
await writeFileDurably(join(folder, 'file'), 'before')
const megabytes = (number: number) => rawBlock(new Uint8Array(1024 * 1024).fill(number))

const reports = [
  await failureOf(
    'pack',
    () => readdirSync(join(folder, 'tmp')),
    async () => {
      await writePack(store, [1, 2, 3, 4, 5, 6, 7, 8].map(megabytes))
    },
  ),
  await failureOf(
    'loose',
    () => looseTemporaries(),
    async () => {
      for (const number of [1, 2, 3]) await store.put(megabytes(number))
    },
  ),
  await failureOf(
    'file',
    () => readdirSync(folder).filter((name) => name.startsWith('file')),
    async () => {
      await writeFileDurably(join(folder, 'file'), new Uint8Array(3 * 1024 * 1024))
    },
  ),
  {
    what: 'after',
    isReadable: Buffer.compare(await store.get(before.cid), before.bytes) === 0,
    file: readFileSync(join(folder, 'file'), 'utf8'),
  },
]
process.stdout.write(JSON.stringify(reports))

async function failureOf(what: string, left: () => string[], action: () => Promise<void>): Promise<object> {
  try {
    await action()
    return { what, code: 'none' }
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    const { code, family, hint, message } = error
    return { what, code, family, hint, message, left: left() }
  }
}

function looseTemporaries(): string[] {
  return readdirSync(join(folder, 'loose'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.tmp'),
  )
}
