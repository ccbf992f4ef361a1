import { closeSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PIECE = Buffer.alloc(1 << 20)

/**
 * Has the kernel touch so many bytes of memory and free them again. A host may take free memory back from a virtual machine,
 * and the first touch of a page then costs some 20 µs, 5 s for each GiB: more than the work that is measured, for whoever
 * comes first. The pages of a hole that is read are memory that no disk was asked for.
 */
export function touchMemory(directory: string, sizeBytes: number): void {
  if (sizeBytes === 0) return
  const hole = join(directory, 'hole')
  writeFileSync(hole, '')
  truncateSync(hole, sizeBytes)
  const file = openSync(hole, 'r')
  try {
    while (readSync(file, PIECE) > 0);
  } finally {
    closeSync(file)
    rmSync(hole)
  }
}
