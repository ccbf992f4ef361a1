import { type FileHandle, open } from 'node:fs/promises'

import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { type BundleRoot, decodeBundleRoot } from '../../model/bundle/bundle-root.ts'
import { sha256 } from '../../model/cid.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { createDigestTable } from '../../store/pack/digest-table.ts'
import { sectionSize } from '../../store/pack/pack-format.ts'
import { type ByteReader, createByteReader } from '../protocol/byte-reader.ts'
import { type CarSection, carStart, readSection } from '../protocol/car-stream.ts'
import { readWithLength } from '../protocol/length-prefix.ts'
import { cutShort, WireProblem } from '../protocol/wire-problem.ts'

/** The blocks of a bundle behind its root. */
export interface BundleBlocks extends BlockSource {
  has(cid: CID): boolean
}

/** A bundle whose root was read and is what its CID says. The blocks after it are not looked at yet. */
export interface BundleFile extends BundleRoot {
  path: string
  cid: CID
  /** The sections after the root, from the start of the file, nothing verified. Throws `bundle-corrupt`. */
  sections(options?: AbortOptions): AsyncGenerator<CarSection>
  /** Finds where each block stands; each is hashed when it is read. Throws `bundle-corrupt`. */
  index(options?: AbortOptions): Promise<BundleBlocks>
  close(): Promise<void>
}

/** Bytes of the header of a CAR with one root: more than any has. */
const MAX_START_BYTES = 128

/**
 * Opens a bundle. Throws what the file system throws, IntegrityError `not-a-bundle` (details: `path`) for a file that does
 * not begin like one, and `bundle-corrupt` or `bundle-invalid` for one whose root is cut short or another than it says.
 */
export async function openBundle(path: string, options: AbortOptions = {}): Promise<BundleFile> {
  const file = await open(path).catch((error: unknown) => {
    throw explainFsError(error, path)
  })
  try {
    const start = await readStart(file, path, options)
    return {
      ...start.root,
      path,
      cid: start.cid,
      sections: (each) => sectionsFrom(file, path, start.end, each),
      index: (each) => indexFrom(file, path, start.end, each),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** IntegrityError `bundle-corrupt` (details: `path`): what is wrong with a bundle's bytes. */
export function corrupt(path: string, problem: string): IntegrityError {
  return new IntegrityError('bundle-corrupt', `the bundle ${quoteName(path)} is not whole: ${problem}`, {
    hint: 'get it again, or have it made again with `jzfs bundle create`',
    details: { path },
  })
}

/** The root, and where in the file it ends. */
async function readStart(
  file: FileHandle,
  path: string,
  options: AbortOptions,
): Promise<{ root: BundleRoot; cid: CID; end: number }> {
  const reader = readerOf(file, path, 0, options)
  try {
    const header = await readWithLength(reader, MAX_START_BYTES, 'the CAR')
    const section = await readSection(reader)
    if (section === undefined) throw cutShort('the CAR')
    const cid = CID.decode(new Uint8Array(section.cid))
    const start = carStart([cid])
    if (Buffer.compare(start.subarray(1), header) !== 0) throw new WireProblem('its first block is not its root')
    checkBytes(path, cid, section.bytes)
    const end = start.length + sectionSize(section.cid.length, section.bytes.length)
    return { root: decodeBundleRoot(cid, new Uint8Array(section.bytes)), cid, end }
  } catch (error) {
    if (error instanceof IntegrityError && error.code === 'not-a-bundle') throw notABundle(path, error.message)
    throw error instanceof WireProblem ? notABundle(path, error.message) : error
  }
}

async function* sectionsFrom(
  file: FileHandle,
  path: string,
  start: number,
  options: AbortOptions = {},
): AsyncGenerator<CarSection> {
  const reader = readerOf(file, path, start, options)
  try {
    for (let section = await readSection(reader); section !== undefined; section = await readSection(reader)) {
      yield section
    }
  } catch (error) {
    throw error instanceof WireProblem ? corrupt(path, error.message) : error
  }
}

async function indexFrom(
  file: FileHandle,
  path: string,
  start: number,
  options: AbortOptions = {},
): Promise<BundleBlocks> {
  const table = createDigestTable()
  const lengths: number[] = []
  let at = start
  for await (const { cid, bytes } of sectionsFrom(file, path, start, options)) {
    at += sectionSize(cid.length, bytes.length)
    const digest = cid.subarray(cid.length - 32)
    if (table.findDigest(digest) !== -1) continue
    table.addDigest(digest, at - bytes.length)
    lengths.push(bytes.length)
  }
  return {
    has: (cid) => table.findDigest(cid.multihash.digest) !== -1,
    async get(cid) {
      const entry = table.findDigest(cid.multihash.digest)
      if (entry === -1) throw blockMissing(path, cid)
      const bytes = await readAt(file, path, table.positions[entry]!, lengths[entry]!)
      checkBytes(path, cid, bytes)
      return bytes
    },
  }
}

/** What one read of the file brings. */
const PIECE_BYTES = 1_048_576

function readerOf(file: FileHandle, path: string, start: number, { signal }: AbortOptions): ByteReader {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = start; ;) {
      const piece = await readAt(file, path, at, PIECE_BYTES)
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  }
  return createByteReader(pieces(), { label: path, idleTimeoutMs: DISK_TIMEOUT_MS, signal })
}

/** No disk takes so long for one read. */
const DISK_TIMEOUT_MS = 600_000

async function readAt(file: FileHandle, path: string, at: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await file.read(bytes, 0, length, at).catch((error: unknown) => {
    throw explainFsError(error, path)
  })
  return bytes.subarray(0, bytesRead)
}

function checkBytes(path: string, cid: CID, bytes: Uint8Array): void {
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) === 0) return
  throw corrupt(path, `bytes in it are not ${cid.toString()}`)
}

function blockMissing(path: string, cid: CID): NotFoundError {
  return new NotFoundError('block-missing', `the bundle ${quoteName(path)} does not have ${cid.toString()}`, {
    details: { path, cid: cid.toString() },
  })
}

function notABundle(path: string, problem: string): IntegrityError {
  return new IntegrityError('not-a-bundle', `${quoteName(path)} is no bundle: ${problem}`, {
    hint: 'make one with `jzfs bundle create`; other CARs are imported by `ipfs dag import`',
    details: { path },
  })
}
