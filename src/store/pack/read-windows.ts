/** How much is read where a reader stays near: its next blocks are then here already. */
const WINDOW_BYTES = 128 * 1024

/** Windows that are kept: a walk reads commits here, their trees there. */
const WINDOWS = 4

/** Reads bytes of a file into `target`, fewer at its end, and returns what was read. */
export type ReadInto = (target: Uint8Array, position: number, size: number) => Uint8Array

/**
 * Reads small parts of files through a few windows: a history, or the directories of a tree, are read by blocks that lie
 * close together, in either direction. Where reads are far apart, no more is read than was asked for.
 */
export interface ReadWindows {
  /** At most `size` bytes at a position, valid until the next call. `file` is whatever stands for the file. */
  read(file: object, position: number, size: number, readInto: ReadInto): Uint8Array
  /** The same bytes, of any size, where a window has them all. */
  known(file: object, position: number, size: number): Uint8Array | undefined
  /** Forgets what was read of a file. */
  forget(file: object): void
}

/** Makes windows, none of them filled. `size` is the most that one read may ask for, in bytes. */
export function createReadWindows(size: number): ReadWindows {
  return new RecentWindows(size)
}

interface Window {
  file: object
  position: number
  bytes: Uint8Array
  memory: Uint8Array
}

class RecentWindows implements ReadWindows {
  readonly #single: Uint8Array
  /** The one used last comes first. */
  readonly #windows: Window[] = []
  /** Where each file was read last. */
  #last = new WeakMap<object, number>()

  constructor(size: number) {
    this.#single = new Uint8Array(size)
  }

  read(file: object, position: number, size: number, readInto: ReadInto): Uint8Array {
    const known = this.known(file, position, size)
    if (known !== undefined) return known
    const last = this.#last.get(file)
    this.#last.set(file, position)
    if (last === undefined || Math.abs(position - last) > WINDOW_BYTES) return readInto(this.#single, position, size)
    const start = position < last ? Math.max(0, position + size - WINDOW_BYTES) : position
    const memory = this.#free()
    const bytes = readInto(memory, start, WINDOW_BYTES)
    this.#windows.unshift({ file, position: start, bytes, memory })
    return bytes.subarray(position - start, position - start + size)
  }

  forget(file: object): void {
    this.#last.delete(file)
    for (const window of this.#windows) if (window.file === file) window.bytes = window.memory.subarray(0, 0)
  }

  known(file: object, position: number, size: number): Uint8Array | undefined {
    for (const [at, window] of this.#windows.entries()) {
      const start = position - window.position
      if (window.file !== file || start < 0 || start + size > window.bytes.length) continue
      if (at > 0) this.#windows.unshift(...this.#windows.splice(at, 1))
      this.#last.set(file, position)
      return window.bytes.subarray(start, start + size)
    }
    return undefined
  }

  /** The memory of the window that was not used for longest. */
  #free(): Uint8Array {
    const oldest = this.#windows.length < WINDOWS ? undefined : this.#windows.pop()
    return oldest?.memory ?? new Uint8Array(WINDOW_BYTES)
  }
}
