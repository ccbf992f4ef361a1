import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { watchPeak } from '../../../scripts/bench/measure.ts'
import { createNode } from '../../support/jzfs.ts'
import { seededPieces } from '../../support/seeded.ts'

const MAIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')
const MIB = 1024 * 1024
const SIZE = 1024 * MIB
const MAX_RESIDENT_BYTES = 250 * MIB

/** Writes 1 GiB of which no two chunks are the same; returns its hash. */
function writeLargeFile(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'wx')
  for (const piece of seededPieces('large', SIZE)) {
    hash.update(piece)
    writeSync(file, piece)
  }
  closeSync(file)
  return hash.digest('hex')
}

it('a file of 1 GiB is printed as it is, to a reader that pauses, in constant memory', async () => {
  const node = createNode()
  await node.jzfs(['init', '-q'])
  const hash = writeLargeFile(join(node.folder, 'large'))
  expect(await node.jzfs(['add', '.'])).toMatchObject({ status: 0 })
  expect(await node.jzfs(['commit', '-q', '-m', 'large'])).toMatchObject({ status: 0 })
  const child = spawn(process.execPath, [MAIN, 'cat', 'large'], {
    cwd: node.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const printed = createHash('sha256')
  let bytes = 0
  let peakBytes = 0
  for await (const piece of child.stdout) {
    // The reader takes nothing for a while, twice: what is printed must wait on the disk, not in memory.
    if (Math.floor(bytes / (400 * MIB)) !== Math.floor((bytes + piece.length) / (400 * MIB))) await sleep(500)
    bytes += piece.length
    printed.update(piece)
    if (bytes > SIZE - MIB && peakBytes === 0) peakBytes = watchPeak(child).stop()
  }
  expect(bytes).toBe(SIZE)
  expect(printed.digest('hex')).toBe(hash)
  expect(peakBytes).toBeGreaterThan(0)
  expect(peakBytes).toBeLessThan(MAX_RESIDENT_BYTES)
})
