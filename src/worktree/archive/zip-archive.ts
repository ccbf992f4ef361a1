import { crc32, createDeflateRaw, deflateRawSync } from 'node:zlib'

import { CHUNK_SIZE } from '../../model/limits.ts'
import type { ArchiveEntry } from './archive-entries.ts'
import { ARCHIVE_MODES, type ArchiveForm } from './archive-form.ts'
import { compress } from './compress.ts'
import { createZipDirectory } from './zip-directory.ts'
import {
  centralHeader,
  dataDescriptor,
  endRecords,
  localHeader,
  type ZipEntry,
  type ZipTime,
  zipTime,
} from './zip-records.ts'

/**
 * Writes a zip archive: names in UTF-8, POSIX modes, symlinks as Info-ZIP has them; zip64 where sizes, places or the number
 * of entries need it. The same entries give the same bytes. A file of one leaf is compressed at once, a bigger one
 * streamed. Memory: some ten bytes an entry for the directory at the end.
 */
export async function* zipArchive(entries: AsyncIterable<ArchiveEntry>, form: ArchiveForm): AsyncGenerator<Uint8Array> {
  const directory = createZipDirectory()
  const time = zipTime(form.seconds)
  let offset = 0
  for await (const entry of entries) {
    const record = newRecord(entry, form, offset)
    const pieces = record.isStreamed ? streamedEntry(record, entry, form, time) : wholeEntry(record, entry, form, time)
    for await (const piece of pieces) {
      offset += piece.length
      yield piece
    }
    directory.add(centralHeader(record, time))
  }
  yield* directory.pieces()
  yield endRecords({ count: directory.count, size: directory.size, offset }, form.comment ?? '')
}

/** Files of that size are streamed. */
const STREAMED_BYTES = CHUNK_SIZE + 1

/** Sizes that may need zip64, with room for what does not compress: before it is written nobody knows. */
const LARGE_BYTES = 0xf0000000

function newRecord({ path, node }: ArchiveEntry, { prefix, level }: ArchiveForm, offset: number): ZipEntry {
  const isStreamed = node.size >= STREAMED_BYTES
  return {
    name: Buffer.from(prefix + path + (node.kind === 'directory' && path !== '' ? '/' : '')),
    mode: ARCHIVE_MODES[node.kind],
    isDeflated: isStreamed && level > 0,
    crc: 0,
    compressedSize: 0,
    size: 0,
    offset,
    isStreamed,
    isLarge: node.size >= LARGE_BYTES,
  }
}

async function* wholeEntry(record: ZipEntry, entry: ArchiveEntry, { level }: ArchiveForm, time: ZipTime) {
  const content = entry.node.kind === 'symlink' ? Buffer.from(entry.node.target ?? '') : await gather(entry)
  const deflated = level > 0 && content.length > 0 ? deflateRawSync(content, { level }) : content
  record.isDeflated = deflated.length < content.length
  const kept = record.isDeflated ? deflated : content
  record.crc = crc32(content)
  record.size = content.length
  record.compressedSize = kept.length
  yield localHeader(record, time)
  if (kept.length > 0) yield kept
}

async function gather(entry: ArchiveEntry): Promise<Uint8Array> {
  const pieces = await Array.fromAsync(entry.content())
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
}

async function* streamedEntry(record: ZipEntry, entry: ArchiveEntry, { level }: ArchiveForm, time: ZipTime) {
  yield localHeader(record, time)
  const content = counted(record, entry.content())
  for await (const piece of record.isDeflated ? compress(content, createDeflateRaw({ level })) : content) {
    record.compressedSize += piece.length
    yield piece
  }
  yield dataDescriptor(record)
}

async function* counted(record: ZipEntry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    record.crc = crc32(piece, record.crc)
    record.size += piece.length
    yield piece
  }
}
