import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

import type { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { buildDirectory, type Entry } from '../../../src/model/directory/directory.ts'
import { buildFile } from '../../../src/model/unixfs/file.ts'
import { createArchive } from '../../../src/worktree/archive/archive.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const GIB = 1024

/** A file of so many MiB of zeros: one leaf again and again. */
function zeros(blocks: MemoryBlocks, mebibytes: number): { cid: CID; tsize: number } {
  const bytes = new Uint8Array(1 << 20)
  const leaf = { cid: cidOf(RAW, bytes), size: bytes.length }
  blocks.put({ cid: leaf.cid, bytes })
  const file = buildFile(
    (function* () {
      for (let count = 0; count < mebibytes; count++) yield leaf
    })(),
    { executable: false },
  )
  blocks.putAll(file.blocks)
  return file
}

function rootOf(blocks: MemoryBlocks, entries: Iterable<Entry>): CID {
  const built = buildDirectory(entries)
  blocks.putAll(built.blocks)
  return built.cid
}

async function run(command: string, args: string[], input?: AsyncIterable<Uint8Array>): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const printed = text(child.stdout)
  const ended = once(child, 'close')
  await pipeline(input ?? [], child.stdin)
  expect(await ended).toEqual([0, null])
  return printed
}

it('a tar archive of a file of 9 GiB is listed, with what stands behind it', async () => {
  const blocks = new MemoryBlocks()
  const small = zeros(blocks, 1)
  const root = rootOf(blocks, [
    { name: 'huge', ...zeros(blocks, 9 * GIB) },
    { name: 'small', ...small },
  ])
  const before = process.memoryUsage.rss()
  const listed = await run('tar', ['tvf', '-'], createArchive(blocks, root, { format: 'tar' }))
  expect(listed.match(/\d+(?= 1980)/g)).toEqual([String(9 * GIB * 2 ** 20), String(2 ** 20)])
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 << 20)
})

it('a zip archive of two files over 4 GiB and 70,000 others is read by unzip and by Python', async () => {
  const blocks = new MemoryBlocks()
  const small = zeros(blocks, 1)
  const names = Array.from({ length: 70_000 }, (_, nth) => `f${nth}`)
  const root = rootOf(blocks, [
    { name: 'a', ...zeros(blocks, 4 * GIB + 1) },
    ...names.map((name) => ({ name, cid: small.cid, tsize: small.tsize })),
  ])
  const path = join(temporaryFolder(), 'x.zip')
  await pipeline(createArchive(blocks, root, { format: 'zip', level: 1 }), createWriteStream(path))
  const script = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
infos = archive.infolist()
print(len(infos), infos[0].file_size)
with archive.open('a') as file:
  while file.read(1 << 24): pass
archive.read('f69999')
`
  expect(await run('python3', ['-c', script, path])).toBe(`70001 ${(4 * GIB + 1) * 2 ** 20}\n`)
  expect(await run('unzip', ['-tq', path, 'a', 'f69999'])).toMatch(/No errors detected/)
})

it('places over 4 GiB are told in 64 bits', async () => {
  const blocks = new MemoryBlocks()
  const root = rootOf(blocks, [
    { name: 'a', ...zeros(blocks, 3 * GIB) },
    { name: 'b', ...zeros(blocks, 2 * GIB) },
    { name: 'c', ...zeros(blocks, 1) },
  ])
  const path = join(temporaryFolder(), 'x.zip')
  await pipeline(createArchive(blocks, root, { format: 'zip', level: 0 }), createWriteStream(path))
  expect(await run('unzip', ['-tq', path])).toMatch(/No errors detected/)
})
