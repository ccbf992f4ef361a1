import { write } from 'node:fs'
import { promisify } from 'node:util'

/** Writes bytes to a file where they belong, without blocking: as many calls as the system needs. Throws the system's own error. */
export async function writeAll(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await writeAsync(descriptor, bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

const writeAsync = promisify(write)
