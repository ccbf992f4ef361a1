import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, createReadStream, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { CarBlockIterator } from '@ipld/car'
import { MemoryBlockstore } from 'blockstore-core'
import { exporter } from 'ipfs-unixfs-exporter'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { cidOf, RAW, sha256 } from '../../../src/model/cid.ts'
import type {
  IngestCheckpoint,
  IngestedFile,
  IngestOptions,
  IngestRequest,
} from '../../../src/store/ingest/ingest-request.ts'
import { ingestFiles } from '../../../src/store/ingest/ingest.ts'
import { createPackWriter, type PackWriter } from '../../../src/store/pack/pack-writer.ts'
import { createRandom } from '../../support/random.ts'
import { seededBytes } from '../../support/seeded.ts'

const MIB = 1_048_576

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jzfs-ingest-'))
  mkdirSync(join(directory, 'files'))
  mkdirSync(join(directory, 'store'))
})
afterEach(() => rm(directory, { recursive: true }))

function newPack(known?: { hasDigest(digest: Uint8Array): boolean }): PackWriter {
  const store = join(directory, 'store')
  return createPackWriter({ temporaryPath: join(store, 'new.car'), packsDirectory: join(store, 'packs'), known })
}

const pathOf = (name: string): string => join(directory, 'files', name)

function fileWith(name: string, bytes: Uint8Array | string, executable = false): IngestRequest {
  writeFileSync(pathOf(name), bytes)
  return { path: pathOf(name), size: Buffer.byteLength(bytes), executable }
}

function manySmall(count: number): IngestRequest[] {
  return Array.from({ length: count }, (_, i) => fileWith(`small ${i}`, `content of ${i}`))
}

/** So much to read (33 MiB, all of them equal) that worker threads are started. */
function heavy(): IngestRequest {
  const request = fileWith('heavy', '')
  truncateSync(request.path, 33 * MIB)
  return { ...request, size: 33 * MIB }
}

interface Outcome {
  files: Map<string, IngestedFile>
  errors: Map<string, string>
}

async function ingest(
  pack: PackWriter,
  requests: Iterable<IngestRequest>,
  options: IngestOptions = {},
): Promise<Outcome> {
  const outcome: Outcome = { files: new Map(), errors: new Map() }
  for await (const result of ingestFiles(pack, requests, options)) {
    expect(outcome.files.has(result.request.path) || outcome.errors.has(result.request.path)).toBe(false)
    if (result.error === undefined) outcome.files.set(result.request.path, result)
    else outcome.errors.set(result.request.path, result.error.code)
  }
  return outcome
}

async function soundBlocksOf(path: string): Promise<MemoryBlockstore> {
  const blocks = new MemoryBlockstore()
  for await (const { cid, bytes } of await CarBlockIterator.fromIterable(createReadStream(path))) {
    expect(Buffer.compare(sha256(bytes), cid.multihash.digest)).toBe(0)
    await blocks.put(cid, bytes)
  }
  return blocks
}

async function referenceCid(bytes: Uint8Array): Promise<string> {
  let cid: CID | undefined
  const source = [{ content: [bytes] }]
  for await (const entry of importer(source, new MemoryBlockstore(), { profile: 'unixfs-v1-2025' })) cid = entry.cid
  return cid!.toString()
}

describe('ingesting files', () => {
  const random = createRandom(20_260_101)
  const around = [0, 1, 2, 33].flatMap((chunks) =>
    [-1, 0, 1, Math.floor(random() * MIB)].map((more) => chunks * MIB + more),
  )
  const sizes = around.filter((size) => size >= 0)

  it.each([
    ['in the calling thread', 0],
    ['with one worker', 1],
    ['with three workers', 3],
  ])('gives the CIDs of ipfs-unixfs-importer, %s', async (_, workers) => {
    const contents = new Map<string, Uint8Array>()
    const requests: IngestRequest[] = []
    for (const [i, size] of sizes.entries()) {
      const bytes = seededBytes(`file ${i}`, size)
      const request = fileWith(`file ${i}`, bytes, i % 3 === 2)
      contents.set(request.path, bytes)
      requests.push(request)
    }
    const pack = newPack()
    const { files } = await ingest(pack, requests, { workers })
    const written = await pack.finish()
    const blocks = await soundBlocksOf(written!.path)
    expect(files.size).toBe(requests.length)
    for (const { request, cid, contentCid, size, tsize, stat: source } of files.values()) {
      const bytes = contents.get(request.path)!
      const expected = await referenceCid(bytes)
      expect(contentCid.toString()).toBe(expected)
      expect(cid.toString() === expected).toBe(!request.executable)
      const entry = await exporter(cid, blocks)
      if (entry.type !== 'file' && entry.type !== 'raw') throw new Error(`${entry.type} is no file`)
      const pieces: Uint8Array[] = []
      for await (const piece of entry.content()) pieces.push(piece)
      expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0)
      if (entry.type === 'file') expect(entry.unixfs.mode! & 0o777).toBe(request.executable ? 0o755 : 0o644)
      expect(size).toBe(bytes.length)
      expect(tsize).toBeGreaterThanOrEqual(size)
      const { mtimeNs, ctimeNs, ino } = await stat(request.path, { bigint: true })
      expect(source).toEqual({ size, mtimeNs, ctimeNs, ino })
    }
  })

  it('puts dag-pb blocks behind all the leaves', async () => {
    const requests = Array.from({ length: 30 }, (_, i) => fileWith(`two leaves ${i}`, seededBytes(`${i}`, MIB + 16)))
    const pack = newPack()
    await ingest(pack, requests, { workers: 2 })
    const written = await pack.finish()
    const codecs: number[] = []
    for await (const { cid } of await CarBlockIterator.fromIterable(createReadStream(written!.path)))
      codecs.push(cid.code)
    expect(codecs.length).toBe(90)
    expect(codecs.lastIndexOf(RAW)).toBe(59)
  })

  it('stores equal content once, whichever threads meet it', async () => {
    const requests = Array.from({ length: 1200 }, (_, i) => fileWith(`copy ${i}`, `one of ten: ${i % 10}`))
    const bytes = seededBytes('repeated', 2 * MIB)
    requests.push(fileWith('halves', Buffer.concat([bytes, bytes])))
    const pack = newPack()
    const { files } = await ingest(pack, [heavy(), ...requests], { workers: 3 })
    expect(files.size).toBe(1202)
    const written = await pack.finish()
    expect(written?.blocks).toBe(10 + 2 + 1 + 1 + 1)
    await soundBlocksOf(written!.path)
  })

  it('writes nothing when the store knows everything, and only what it does not know', async () => {
    const requests = manySmall(1500)
    const half = new Set(
      requests.slice(0, 700).map((_, i) => Buffer.from(sha256(Buffer.from(`content of ${i}`))).toString('hex')),
    )
    const all = newPack({ hasDigest: () => true })
    expect((await ingest(all, requests)).files.size).toBe(1500)
    expect(await all.finish()).toBeUndefined()
    expect(await readdir(join(directory, 'store'))).toEqual([])

    const rest = newPack({ hasDigest: (digest) => half.has(Buffer.from(digest).toString('hex')) })
    const { files } = await ingest(rest, requests)
    expect(files.get(pathOf('small 3'))?.cid.toString()).toBe(cidOf(RAW, Buffer.from('content of 3')).toString())
    const written = await rest.finish()
    expect(written?.blocks).toBe(800)
    expect([...(await Array.fromAsync((await soundBlocksOf(written!.path)).getAll()))].length).toBe(800)
  })

  it('takes requests as it goes, and reports progress to the end', async () => {
    const requests = manySmall(6000)
    let taken = 0
    let most = 0
    let settled = 0
    function* counted(): Generator<IngestRequest> {
      for (const request of requests) {
        taken++
        most = Math.max(most, taken - settled)
        yield request
      }
    }
    let last = { files: 0, bytes: 0 }
    const pack = newPack()
    const options: IngestOptions = {
      workers: 2,
      onProgress: (progress) => {
        expect(progress.files).toBeGreaterThanOrEqual(last.files)
        last = progress
      },
    }
    for await (const { error } of ingestFiles(pack, counted(), options)) {
      expect(error).toBeUndefined()
      settled++
    }
    expect(last).toEqual({ files: 6000, bytes: requests.reduce((sum, { size }) => sum + size, 0) })
    expect(most).toBeLessThan(5800)
    pack.abort()
  })
})

describe('files that cannot be taken in', () => {
  it.each([
    ['alone', 0],
    ['among many', 600],
  ])('are named with a reason, and the others go on: %s', async (_, others) => {
    const server = createServer().listen(pathOf('socket'))
    await once(server, 'listening')
    await once(spawn('mkfifo', [pathOf('fifo')]), 'exit')
    mkdirSync(pathOf('folder'))
    symlinkSync('good', pathOf('symlink'))
    const bad = ['socket', 'fifo', 'folder', 'symlink', 'vanished', 'good/below'].map((name) => ({
      path: pathOf(name),
      size: 0,
      executable: false,
    }))
    bad.push({ path: '/dev/zero', size: 0, executable: false })
    const good = fileWith('good', 'good')
    const pack = newPack()
    const { files, errors } = await ingest(
      pack,
      others === 0 ? [...bad, good] : [heavy(), ...bad, ...manySmall(others), good],
    )
    server.close()
    expect(Object.fromEntries(errors)).toEqual({
      [pathOf('socket')]: 'not-a-regular-file',
      [pathOf('fifo')]: 'not-a-regular-file',
      [pathOf('folder')]: 'not-a-regular-file',
      [pathOf('symlink')]: 'not-a-regular-file',
      [pathOf('vanished')]: 'file-vanished',
      [pathOf('good/below')]: 'file-vanished',
      '/dev/zero': 'not-a-regular-file',
    })
    expect(files.size).toBe(others === 0 ? 1 : others + 2)
    await soundBlocksOf((await pack.finish())!.path)
  })

  it('a file that may not be read', async () => {
    const request = fileWith('secret', 'secret')
    const good = fileWith('good', 'good')
    chmodSync(request.path, 0)
    for (const path of [directory, join(directory, 'files'), join(directory, 'store')]) chmodSync(path, 0o777)
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      const pack = newPack()
      const { files, errors } = await ingest(pack, [request, good])
      expect([...errors]).toEqual([[request.path, 'file-unreadable']])
      expect([...files.keys()]).toEqual([good.path])
      pack.abort()
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it.each([
    ['small', 20 * MIB],
    ['read in ranges', 70 * MIB],
  ])('a file that changes all the time: %s', async (_, size) => {
    const busy = fileWith('busy', Buffer.alloc(size, 1))
    const good = fileWith('good', 'good')
    const writer = spawn(process.execPath, [
      '-e',
      `const fs = require('node:fs'); const fd = fs.openSync(process.argv[1], 'r+')
       for (let i = 0; ; i++) { fs.writeSync(fd, String(i), 0); if (i === 0) console.log('writing') }`,
      busy.path,
    ])
    const exit = once(writer, 'exit')
    await once(writer.stdout, 'data')
    const pack = newPack()
    const { files, errors } = await ingest(pack, [busy, good])
    writer.kill('SIGKILL')
    await exit
    expect([...errors]).toEqual([[busy.path, 'file-changed']])
    expect([...files.keys()]).toEqual([good.path])
    const written = await pack.finish()
    await soundBlocksOf(written!.path)
  })

  it('a file that changed once while it was read is read again', async () => {
    const before = seededBytes('before', 200 * MIB)
    const request = fileWith('changing', before)
    const after = before.subarray(0, 150 * MIB + 5)
    let hasChanged = false
    const pack = newPack()
    const { files } = await ingest(pack, [request], {
      workers: 0,
      onProgress: ({ bytes }) => {
        if (hasChanged || bytes === 0) return
        truncateSync(request.path, after.length)
        hasChanged = true
      },
    })
    expect(hasChanged).toBe(true)
    expect(files.get(request.path)?.size).toBe(after.length)
    expect(files.get(request.path)?.cid.toString()).toBe(await referenceCid(after))
    pack.abort()
  })
})

describe('an ingest that ends early', () => {
  it('by its signal, before and between results; the pack may still be finished', async () => {
    const requests = [heavy(), ...manySmall(2000)]
    const unstarted = newPack()
    await expect(ingest(unstarted, requests, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow(
      'never',
    )
    expect(await unstarted.finish()).toBeUndefined()
    const controller = new AbortController()
    const pack = newPack()
    let count = 0
    const consume = async (): Promise<void> => {
      for await (const _ of ingestFiles(pack, requests, { signal: controller.signal })) {
        if (++count === 300) controller.abort(new Error('enough'))
      }
    }
    await expect(consume()).rejects.toThrow('enough')
    expect(count).toBeLessThan(2001)
    const written = await pack.finish()
    expect(written!.blocks).toBeGreaterThanOrEqual(count - 1)
    await soundBlocksOf(written!.path)
  })

  it('by its consumer, in the middle of a big file', async () => {
    const requests = [fileWith('big', Buffer.alloc(100 * MIB, 'x')), ...manySmall(500)]
    const pack = newPack()
    for await (const result of ingestFiles(pack, requests)) {
      expect(result.error).toBeUndefined()
      break
    }
    pack.abort()
    expect(await readdir(join(directory, 'store'))).toEqual([])
  })

  it('by a failure that nobody foresaw, which is an error and does not hang', async () => {
    const pack = newPack()
    // What is asked for first goes to a worker.
    const requests = [{ path: 'a name with \0 in it', size: 0, executable: false }, heavy()]
    await expect(ingest(pack, requests, { workers: 2 })).rejects.toMatchObject({ code: 'worker-crashed' })
    await expect(pack.finish()).rejects.toThrow()
    expect(await readdir(join(directory, 'store'))).toEqual([])
  })
})

describe('checkpoints', () => {
  it('keep what is stored, and spare a second reading of it', async () => {
    const bytes = seededBytes('long', 200 * MIB + 17)
    const big = fileWith('long', bytes)
    const expected = await referenceCid(bytes)
    const pack = newPack()
    const checkpoints: IngestCheckpoint[] = []
    const options: IngestOptions = {
      workers: 2,
      checkpointBytes: 64 * MIB,
      onCheckpoint: (checkpoint) => void checkpoints.push(checkpoint),
    }
    const first = await ingest(pack, [...manySmall(300), big], options)
    expect(first.files.get(big.path)?.cid.toString()).toBe(expected)
    expect(checkpoints.length).toBeGreaterThanOrEqual(2)
    const last = await pack.finish()
    const paths = [...checkpoints.map(({ pack }) => pack.path), ...(last === undefined ? [] : [last.path])]
    const blocks = new MemoryBlockstore()
    for (const path of paths) {
      for await (const { cid, bytes } of (await soundBlocksOf(path)).getAll()) {
        expect(await blocks.has(cid)).toBe(false)
        await blocks.put(cid, await Array.fromAsync(bytes).then((pieces) => Buffer.concat(pieces)))
      }
    }
    const known = new Set<string>()
    for await (const { cid } of blocks.getAll()) known.add(Buffer.from(cid.multihash.digest).toString('hex'))
    expect(known.size).toBe(300 + 201 + 1)

    const { prefix } = checkpoints.findLast(({ partial }) => partial.length > 0)!.partial[0]!
    expect(prefix.leaves.length / 32).toBeGreaterThanOrEqual(32)
    // A leaf that were read again would not be the one that the prefix names.
    const lying = { ...prefix, leaves: Uint8Array.from(prefix.leaves) }
    lying.leaves.set(sha256(Buffer.from('content of 1')), 0)
    const store = { hasDigest: (digest: Uint8Array) => known.has(Buffer.from(digest).toString('hex')) }
    const cids = async (request: IngestRequest, knower = store): Promise<string | undefined> => {
      const again = newPack(knower)
      const { files } = await ingest(again, [request])
      again.abort()
      return files.get(big.path)?.cid.toString()
    }
    expect(await cids({ ...big, prefix })).toBe(expected)
    expect(await cids({ ...big, prefix: lying })).not.toBe(expected)
    expect(await cids({ ...big, prefix: lying }, { hasDigest: () => false })).toBe(expected)
    expect(await cids({ ...big, prefix: { ...lying, stat: { ...lying.stat, mtimeNs: 1n } } })).toBe(expected)
  })
})
