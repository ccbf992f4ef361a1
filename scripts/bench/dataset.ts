import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const MEBIBYTE = 1 << 20

/** Bytes that look random and are the same for the same seed (xorshift128, as 32-bit words). */
export function seededBytes(size: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  let [x, y, z, w] = [seed ^ 0x9e3779b9, 0x243f6a88, 0xb7e15162, seed + 1]
  for (let index = 0; index < words.length; index++) {
    const t = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) | 0
    words[index] = w
  }
  return new Uint8Array(words.buffer, 0, size)
}

/** A folder of `count` files of `sizeBytes` random bytes, spread evenly over `folders` folders. Made once. */
export function smallFiles(path: string, options: { count: number; sizeBytes: number; folders: number }): string {
  if (existsSync(path)) return path
  const { count, sizeBytes, folders } = options
  const perFolder = Math.ceil(count / folders)
  for (let index = 0; index < count; index++) {
    const folder = join(path, `folder-${String(Math.floor(index / perFolder)).padStart(4, '0')}`)
    if (index % perFolder === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${String(index).padStart(6, '0')}.bin`), seededBytes(sizeBytes, index + 1))
  }
  return path
}

/** A folder with one file of random bytes. Made once. */
export function bigFile(path: string, sizeBytes: number): string {
  if (existsSync(path)) return path
  mkdirSync(path, { recursive: true })
  writeDurably(join(path, 'big.bin'), sizeBytes)
  return path
}

/** Writes random bytes to one file and syncs it: what the disk itself needs for them. */
export function writeDurably(file: string, sizeBytes: number): void {
  const piece = seededBytes(Math.min(sizeBytes, 4 * MEBIBYTE), 7)
  const descriptor = openSync(file, 'w')
  for (let written = 0; written < sizeBytes; written += piece.length) {
    new DataView(piece.buffer).setBigUint64(0, BigInt(written), true)
    for (let at = 0; at < piece.length; at += MEBIBYTE)
      new DataView(piece.buffer).setBigUint64(at, BigInt(written + at), true)
    writeSync(descriptor, piece, 0, Math.min(piece.length, sizeBytes - written))
  }
  fsyncSync(descriptor)
  closeSync(descriptor)
}

/** Removes what a tool left behind. */
export function discard(...paths: string[]): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true })
}
