import { once } from 'node:events'

import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'
import { JzfsError } from '../../../src/model/errors.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { openRepository } from '../../../src/repo/repository.ts'

/**
 * Run as a process: says that it is ready, waits to be told, then moves `main` on so many times, each time from the value
 * read before the lock was taken. Prints how often it was refused.
 */
const [path, name, times] = process.argv.slice(2) as [string, string, string]
const repository = await openRepository(path)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
process.stdin.destroy()
let refused = 0
for (let moved = 0; moved < Number(times);) {
  const before = await repository.refs.read('refs/heads/main')
  using lock = await repository.lock(name, { waitMs: 20_000 })
  const message = `${name} ${moved}`
  const update = { name: 'refs/heads/main', before, after: cidOf(DAG_JSON, Buffer.from(message)), message }
  const person = { name, email: 'racer@example.org', date: '2026-01-02T03:04:05Z' }
  try {
    await runOperation(repository, lock, { command: name, person, refs: [update] })
    moved++
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'ref-changed') {
      throw error
    }
    refused++
  }
}
await repository.close()
process.stdout.write(`${refused}\n`)
