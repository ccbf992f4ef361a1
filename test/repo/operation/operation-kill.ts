import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect } from 'vitest'

import { pendingOperation, settledIndexPath } from '../../../src/repo/operation/operation.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { currentState, filesOf, rewriteFiles, stateAfter } from './operation-sequence.ts'

/** What the kills met. */
export interface KillTally {
  operations: number
  interrupted: number
}

/**
 * Kills a process that does operations, `kills` times at random moments, and checks each time that the repository is as
 * before or as after the operation it was at, to readers at once and on the disk after the next lock.
 */
export async function killOperations(kills: number): Promise<KillTally> {
  const { path } = await temporaryRepository()
  const repository = await openRepository(path, { worktreeStep: rewriteFiles })
  writeFileSync(repository.layout.index, '0')
  for (const file of filesOf(repository)) {
    writeFileSync(file, '0')
  }
  const tally = { operations: 0, interrupted: 0 }
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await runAndKill(path, tally.operations + 1)
    const seen = Number(readFileSync(settledIndexPath(repository), 'utf8'))
    expect([acknowledged, acknowledged + 1]).toContain(seen)
    await expectState(repository, seen)
    if ((await pendingOperation(repository)) !== undefined) {
      tally.interrupted++
    }
    ;(await repository.lock('after the kill')).release()
    await expectState(repository, seen)
    expect(await pendingOperation(repository)).toBeUndefined()
    expect(filesOf(repository).map((file) => readFileSync(file, 'utf8'))).toEqual(Array(3).fill(String(seen)))
    await expectLogs(repository, seen)
    tally.operations = seen
  }
  await repository.close()
  return tally
}

/** Returns the number of the last operation that the process said was done. */
async function runAndKill(path: string, first: number): Promise<number> {
  const loop = spawn(process.execPath, [join(import.meta.dirname, 'operation-loop.ts'), path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  loop.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(loop.stdout, 'data')
  await sleep(Math.random() * 30)
  loop.kill('SIGKILL')
  const [, signal] = (await once(loop, 'close')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  return Number(output.trimEnd().split('\n').at(-1))
}

async function expectState(repository: Repository, number: number): Promise<void> {
  expect(await currentState(repository, settledIndexPath(repository))).toEqual(stateAfter(number))
}

/** Each operation is once in the log of the branch it moved, in order, and once at most in that of HEAD. */
async function expectLogs(repository: Repository, last: number): Promise<void> {
  const numbers = await Array.fromAsync(repository.refs.log('refs/heads/main'), ({ operation }) => operation)
  expect(numbers).toEqual(Array.from({ length: last }, (_, at) => last - at))
  const ofHead = await Array.fromAsync(repository.refs.log('HEAD'), ({ operation }) => operation)
  expect(ofHead).toEqual(numbers)
}
