import type { BigIntStats } from 'node:fs'

import type { FileStat, FoundPath } from './scan.ts'

/**
 * Found paths in columns, with an object only while one is looked at: there may be a million of them. In the order in
 * which they were found: directory by directory.
 */
export class FoundPaths implements Iterable<FoundPath> {
  #length = 0
  /** Per path: mode, size. */
  #numbers = new Float64Array(64)
  /** Per path: mtime, ctime, inode. */
  #stamps = new BigInt64Array(96)
  /** Per path: its directory, and where its name ends. */
  #places = new Uint32Array(64)
  #names = Buffer.alloc(512)
  readonly #directories: string[] = []

  get length(): number {
    return this.#length
  }

  /** `directory` is a byte string with a final slash, or ''. */
  push(directory: string, name: string, { mode, size, mtimeNs, ctimeNs, ino }: BigIntStats): void {
    const at = this.#length++
    const start = this.#nameStart(at)
    this.#reserve(at + 1, start + name.length)
    if (this.#directories.at(-1) !== directory) this.#directories.push(directory)
    this.#places[2 * at] = this.#directories.length - 1
    this.#places[2 * at + 1] = start + this.#names.write(name, start, 'latin1')
    this.#numbers[2 * at] = Number(mode)
    this.#numbers[2 * at + 1] = Number(size)
    this.#stamps[3 * at] = mtimeNs
    this.#stamps[3 * at + 1] = ctimeNs
    this.#stamps[3 * at + 2] = ino
  }

  /** Forgets all paths, and gives their memory back. */
  clear(): void {
    this.#length = 0
    this.#numbers = new Float64Array(64)
    this.#stamps = new BigInt64Array(96)
    this.#places = new Uint32Array(64)
    this.#names = Buffer.alloc(512)
    this.#directories.length = 0
  }

  #nameStart(at: number): number {
    return at === 0 ? 0 : (this.#places[2 * at - 1] as number)
  }

  #reserve(length: number, nameBytes: number): void {
    if (2 * length > this.#numbers.length) {
      this.#numbers = copyInto(new Float64Array(2 * this.#numbers.length), this.#numbers)
      this.#stamps = copyInto(new BigInt64Array(2 * this.#stamps.length), this.#stamps)
      this.#places = copyInto(new Uint32Array(2 * this.#places.length), this.#places)
    }
    if (nameBytes > this.#names.length) this.#names = copyInto(Buffer.alloc(2 * nameBytes), this.#names)
  }

  #keyAt(at: number): string {
    const directory = this.#directories[this.#places[2 * at] as number] as string
    return directory + this.#names.toString('latin1', this.#nameStart(at), this.#places[2 * at + 1])
  }

  #statAt(at: number): FileStat {
    return {
      mode: this.#numbers[2 * at] as number,
      size: this.#numbers[2 * at + 1] as number,
      mtimeNs: this.#stamps[3 * at] as bigint,
      ctimeNs: this.#stamps[3 * at + 1] as bigint,
      inode: this.#stamps[3 * at + 2] as bigint,
    }
  }

  *[Symbol.iterator](): Generator<FoundPath, void, undefined> {
    for (let at = 0; at < this.#length; at++) yield { key: this.#keyAt(at), stat: this.#statAt(at) }
  }
}

function copyInto<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from)
  return to
}
