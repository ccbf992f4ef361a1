import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { temporaryRepository } from '../../support/repository.ts'

const TIMES = 40

type Racer = ChildProcessByStdio<Writable, Readable, null>

test('of two processes that move a ref from the same value one is refused, and no move is lost', async () => {
  const repository = await temporaryRepository()
  const racers = ['first', 'second'].map((name) => startRacer(repository.path, name))
  await Promise.all(racers.map(({ stdout }) => once(stdout, 'readable')))
  for (const { stdin } of racers) {
    stdin.end('go\n')
  }
  const outputs = await Promise.all(racers.map(({ stdout }) => text(stdout)))
  const refusals = outputs.map((output) => Number(/^ready\n(\d+)\n$/.exec(output)?.[1]))
  // Were none refused, the two would not have met.
  expect(refusals[0]! + refusals[1]!).toBeGreaterThan(0)
  const log = await Array.fromAsync(repository.refs.log('refs/heads/main'))
  expect(new Set(log.map(({ message }) => message)).size).toBe(2 * TIMES)
  for (const [at, { before }] of log.entries()) {
    expect(before?.toString()).toBe(log[at + 1]?.after?.toString())
  }
  expect((await repository.refs.read('refs/heads/main'))?.toString()).toBe(log[0]?.after?.toString())
})

function startRacer(path: string, name: string): Racer {
  const program = join(import.meta.dirname, 'ref-racer.ts')
  return spawn(process.execPath, [program, path, name, String(TIMES)], { stdio: ['pipe', 'pipe', 'inherit'] })
}
