import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { acquireLease, acquireLock, tryLock } from '../../../src/store/lock/lock.ts'

let folder: string
let path: string
const children: { kill(signal: 'SIGKILL'): boolean }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jzfs-lock-'))
  path = join(folder, 'lock.db')
})

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

describe('locks in one process', () => {
  it('are exclusive, and free again once released', async () => {
    const lock = await acquireLock(path, { command: 'jzfs add' })
    await expect(acquireLock(path, { command: 'jzfs commit', waitMs: 0 })).rejects.toMatchObject({
      code: 'locked',
      family: 'conflict',
      message: `at work here already: jzfs add (pid ${process.pid})`,
      details: { path, holders: [{ pid: process.pid, command: 'jzfs add' }] },
    })
    lock.release()
    lock.release()
    const next = await acquireLock(path, { command: 'jzfs commit', waitMs: 0 })
    next.release()
    expect(readdirSync(folder)).toEqual(['lock.db'])
  })

  it('are waited for', async () => {
    const first = await acquireLock(path, { command: 'first' })
    const order: string[] = []
    const second = acquireLock(path, { command: 'second', waitMs: 20_000 }).then((lock) => {
      order.push('second')
      return lock
    })
    setTimeout(() => {
      order.push('release')
      first.release()
    }, 30)
    const lock = await second
    lock.release()
    expect(order).toEqual(['release', 'second'])
  })

  it('stop waiting when told to', async () => {
    using _lock = await acquireLock(path, { command: 'first' })
    const controller = new AbortController()
    const waiting = acquireLock(path, { command: 'second', waitMs: 20_000, signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    await expect(waiting).rejects.toThrow(/abort/iu)
  })

  it('lets leases be shared, and excludes leases and lock from each other', async () => {
    const one = await acquireLease(path, { command: 'add' })
    const two = await acquireLease(path, { command: 'clone' })
    expect(tryLock(path, 'gc')).toBeUndefined()
    one.release()
    await expect(acquireLock(path, { command: 'gc', waitMs: 0 })).rejects.toMatchObject({
      details: { holders: [{ command: 'clone' }] },
    })
    two.release()
    const lock = tryLock(path, 'gc')
    expect(lock).toBeDefined()
    await expect(acquireLease(path, { command: 'add', waitMs: 0 })).rejects.toMatchObject({ code: 'locked' })
    lock?.release()
    const lease = await acquireLease(path, { command: 'add', waitMs: 0 })
    lease.release()
  })

  it('hold between threads', async () => {
    const lock = await acquireLock(path, { command: 'main thread' })
    const source = `
      const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.module).then(({ tryLock }) => parentPort.postMessage(tryLock(workerData.path, 'worker') === undefined))`
    const module = new URL('../../../src/store/lock/lock.ts', import.meta.url).href
    const worker = new Worker(source, { eval: true, workerData: { path, module } })
    const [wasRefused] = await once(worker, 'message')
    expect(wasRefused).toBe(true)
    expect(tryLock(path, 'still held')).toBeUndefined()
    lock.release()
  })

  it('say what is wrong with a lock file that cannot be used', async () => {
    await expect(acquireLock(join(folder, 'missing', 'lock.db'), { command: 'x' })).rejects.toMatchObject({
      code: 'path-missing',
    })
    writeFileSync(path, 'this is no database, and has no business here'.repeat(50))
    await expect(acquireLock(path, { command: 'x' })).rejects.toMatchObject({
      code: 'lock-unusable',
      details: { path },
    })
  })
})

describe('locks between processes', () => {
  it('name the holder, and are freed by its death', async () => {
    const holder = await holdElsewhere('acquireLock')
    await expect(acquireLock(path, { command: 'second', waitMs: 50 })).rejects.toMatchObject({
      code: 'locked',
      details: { holders: [{ pid: holder.pid, command: 'held elsewhere' }] },
      hint: expect.stringContaining(`kill ${holder.pid}`),
    })
    const waiting = acquireLock(path, { command: 'third', waitMs: 20_000 })
    holder.kill('SIGKILL')
    const lock = await waiting
    // The dead holder's note is gone, ours is there.
    expect(readdirSync(folder).filter((name) => name.endsWith('.holder'))).toHaveLength(1)
    lock.release()
  })

  it('make the exclusive one wait for leases, until their holders die', async () => {
    const holders = [await holdElsewhere('acquireLease'), await holdElsewhere('acquireLease')]
    using _lease = await acquireLease(join(folder, 'another.db'), { command: 'unrelated' })
    await expect(acquireLock(path, { command: 'gc', waitMs: 20 })).rejects.toMatchObject({
      details: { holders: expect.arrayContaining(holders.map(({ pid }) => ({ pid, command: 'held elsewhere' }))) },
    })
    const waiting = acquireLock(path, { command: 'gc', waitMs: 20_000 })
    for (const holder of holders) holder.kill('SIGKILL')
    const lock = await waiting
    lock.release()
  })
})

/** A process that holds the lock until it is killed. */
async function holdElsewhere(how: 'acquireLock' | 'acquireLease') {
  const module = new URL('../../../src/store/lock/lock.ts', import.meta.url).href
  const script = `
    import { ${how} } from ${JSON.stringify(module)}
    await ${how}(${JSON.stringify(path)}, { command: 'held elsewhere' })
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}
