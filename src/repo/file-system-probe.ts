import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { explainFsError } from '../store/fs-errors.ts'

/** What a file system can tell apart and keep. */
export interface FileSystemTraits {
  /** Whether `a` and `A` are two files. */
  caseSensitive: boolean
  /** Whether names that differ in Unicode normalisation only are two files. */
  normalizationSensitive: boolean
  /** Whether the owner's executable bit can be set and cleared. */
  executableBit: boolean
  symlinks: boolean
}

/** Finds out by trying, in a temporary folder inside `folder`. */
export function probeFileSystem(folder: string): FileSystemTraits {
  const probe = join(folder, `probe-${randomUUID()}`)
  try {
    mkdirSync(probe, { recursive: true })
    writeFileSync(join(probe, 'a'), '')
    writeFileSync(join(probe, COMPOSED), '')
    return {
      caseSensitive: !existsSync(join(probe, 'A')),
      normalizationSensitive: !existsSync(join(probe, DECOMPOSED)),
      executableBit: keepsMode(join(probe, 'a'), 0o755) && keepsMode(join(probe, 'a'), 0o644),
      symlinks: makesSymlink(join(probe, 'link')),
    }
  } catch (error) {
    throw explainFsError(error, folder)
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

/** An e with an acute accent, as one code point and as two. */
const COMPOSED = '\u00e9'
const DECOMPOSED = 'e\u0301'

function keepsMode(path: string, mode: number): boolean {
  try {
    chmodSync(path, mode)
  } catch {
    return false
  }
  return (lstatSync(path).mode & 0o100) === (mode & 0o100)
}

function makesSymlink(path: string): boolean {
  try {
    symlinkSync('a', path)
  } catch {
    return false
  }
  return lstatSync(path).isSymbolicLink()
}
