/** What a zip archive says of one entry. */
export interface ZipEntry {
  /** UTF-8; of a directory with a final slash. */
  name: Buffer
  /** POSIX `st_mode`. */
  mode: number
  isDeflated: boolean
  crc: number
  compressedSize: number
  size: number
  /** Where its local header stands. */
  offset: number
  /** The sizes are told behind the content. */
  isStreamed: boolean
  /** Sizes are told in 64 bits (zip64). */
  isLarge: boolean
}

/** The one time of all entries. */
export interface ZipTime {
  /** MS-DOS time and date, which count from 1980 in steps of two seconds. */
  dos: number
  /** Extra field 0x5455 of Info-ZIP: seconds since 1970; empty where they need more than 32 bits. */
  unix: Buffer
}

/** The records of APPNOTE.TXT 6.3. A number that is over its field stands in zip64's extra field instead. */
const LOCAL_HEADER = 0x04034b50
const DATA_DESCRIPTOR = 0x08074b50
const CENTRAL_HEADER = 0x02014b50
const END = 0x06054b50
const ZIP64_END = 0x06064b50
const ZIP64_LOCATOR = 0x07064b50

/** What a field of 32 or 16 bits holds where the number stands elsewhere. */
export const OVER_32 = 0xffffffff
const OVER_16 = 0xffff

const VERSION = 20
const VERSION_ZIP64 = 45
/** Made on Unix: the upper half of the external attributes is a mode. */
const MADE_BY = (3 << 8) | VERSION_ZIP64

const FLAG_STREAMED = 1 << 3
const FLAG_UTF8 = 1 << 11

/** The times of a moment, in UTC so that they are the same everywhere. */
export function zipTime(seconds: number): ZipTime {
  const first = Date.UTC(1980, 0, 1) / 1000
  const last = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000
  const date = new Date(Math.min(Math.max(seconds, first), last) * 1000)
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)
  const dos = ((day << 16) | time) >>> 0
  if (seconds < -0x80000000 || seconds > 0x7fffffff) return { dos, unix: Buffer.alloc(0) }
  const unix = Buffer.alloc(9)
  unix.writeUInt16LE(0x5455, 0)
  unix.writeUInt16LE(5, 2)
  unix.writeUInt8(1, 4)
  unix.writeInt32LE(seconds, 5)
  return { dos, unix }
}

/** What stands before the content of an entry. */
export function localHeader(entry: ZipEntry, { dos, unix }: ZipTime): Buffer {
  const known = !entry.isStreamed
  const extra = entry.isLarge ? zip64Extra(known ? [entry.size, entry.compressedSize] : [0, 0]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(LOCAL_HEADER, 0)
  writeShared(header.subarray(4), entry, dos)
  header.writeUInt32LE(known ? entry.crc : 0, 14)
  header.writeUInt32LE(entry.isLarge ? OVER_32 : known ? entry.compressedSize : 0, 18)
  header.writeUInt32LE(entry.isLarge ? OVER_32 : known ? entry.size : 0, 22)
  header.writeUInt16LE(entry.name.length, 26)
  header.writeUInt16LE(unix.length + extra.length, 28)
  return Buffer.concat([header, entry.name, extra, unix])
}

/** What stands behind the content of an entry that is streamed. */
export function dataDescriptor({ crc, size, compressedSize, isLarge }: ZipEntry): Buffer {
  const descriptor = Buffer.alloc(isLarge ? 24 : 16)
  descriptor.writeUInt32LE(DATA_DESCRIPTOR, 0)
  descriptor.writeUInt32LE(crc, 4)
  if (isLarge) {
    descriptor.writeBigUInt64LE(BigInt(compressedSize), 8)
    descriptor.writeBigUInt64LE(BigInt(size), 16)
  } else {
    descriptor.writeUInt32LE(compressedSize, 8)
    descriptor.writeUInt32LE(size, 12)
  }
  return descriptor
}

/** What the central directory says of an entry. */
export function centralHeader(entry: ZipEntry, { dos, unix }: ZipTime): Buffer {
  const { name, mode, crc, size, compressedSize, offset } = entry
  const isLarge = entry.isLarge || offset >= OVER_32
  const over = [...(entry.isLarge ? [size, compressedSize] : []), ...(offset >= OVER_32 ? [offset] : [])]
  const extra = over.length > 0 ? zip64Extra(over) : Buffer.alloc(0)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(CENTRAL_HEADER, 0)
  header.writeUInt16LE(MADE_BY, 4)
  writeShared(header.subarray(6), { ...entry, isLarge }, dos)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(entry.isLarge ? OVER_32 : compressedSize, 20)
  header.writeUInt32LE(entry.isLarge ? OVER_32 : size, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(unix.length + extra.length, 30)
  const isDirectory = name.at(-1) === 0x2f
  header.writeUInt32LE(((mode << 16) | (isDirectory ? 0x10 : 0)) >>> 0, 38)
  header.writeUInt32LE(Math.min(offset, OVER_32), 42)
  return Buffer.concat([header, name, extra, unix])
}

/** Version, flags, method and time: the fields that both headers have. */
function writeShared(target: Buffer, { name, isDeflated, isStreamed, isLarge }: ZipEntry, dos: number): void {
  const isAscii = name.every((byte) => byte < 0x80)
  target.writeUInt16LE(isLarge ? VERSION_ZIP64 : VERSION, 0)
  target.writeUInt16LE((isStreamed ? FLAG_STREAMED : 0) | (isAscii ? 0 : FLAG_UTF8), 2)
  target.writeUInt16LE(isDeflated ? 8 : 0, 4)
  target.writeUInt32LE(dos, 6)
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(8 * values.length, 2)
  for (const [at, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * at)
  return extra
}

/** What stands behind the central directory, at the end of an archive. */
export function endRecords(directory: { count: number; offset: number; size: number }, comment: string): Buffer {
  const { count, offset, size } = directory
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END, 0)
  end.writeUInt16LE(Math.min(count, OVER_16), 8)
  end.writeUInt16LE(Math.min(count, OVER_16), 10)
  end.writeUInt32LE(Math.min(size, OVER_32), 12)
  end.writeUInt32LE(Math.min(offset, OVER_32), 16)
  end.writeUInt16LE(comment.length, 20)
  const isLarge = count >= OVER_16 || size >= OVER_32 || offset >= OVER_32
  return Buffer.concat([isLarge ? zip64End(directory) : Buffer.alloc(0), end, Buffer.from(comment, 'ascii')])
}

function zip64End({ count, offset, size }: { count: number; offset: number; size: number }): Buffer {
  const end = Buffer.alloc(76)
  end.writeUInt32LE(ZIP64_END, 0)
  end.writeBigUInt64LE(44n, 4)
  end.writeUInt16LE(MADE_BY, 12)
  end.writeUInt16LE(VERSION_ZIP64, 14)
  end.writeBigUInt64LE(BigInt(count), 24)
  end.writeBigUInt64LE(BigInt(count), 32)
  end.writeBigUInt64LE(BigInt(size), 40)
  end.writeBigUInt64LE(BigInt(offset), 48)
  end.writeUInt32LE(ZIP64_LOCATOR, 56)
  end.writeBigUInt64LE(BigInt(offset + size), 64)
  end.writeUInt32LE(1, 72)
  return end
}
