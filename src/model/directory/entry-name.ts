import { InvalidError } from '../errors.ts'
import { MAX_NAME_BYTES } from '../limits.ts'
import { utf8Length } from '../utf8.ts'

/**
 * Refuses what cannot be the name of a directory entry: InvalidError `entry-name-invalid` (details: `name`).
 *
 * A name is 1 to MAX_NAME_BYTES bytes of UTF-8 without `/` and NUL, and neither `.` nor `..`. Names are kept byte for
 * byte: there is no Unicode normalisation.
 */
export function checkEntryName(name: string): void {
  const problem = entryNameProblem(name)
  if (problem !== undefined) {
    throw new InvalidError('entry-name-invalid', `${JSON.stringify(name)} cannot be the name of an entry: ${problem}`, {
      hint: 'rename it',
      details: { name },
    })
  }
}

/** What is wrong with a name, as the end of a sentence; undefined for a name that may stand in a directory. */
export function entryNameProblem(name: string): string | undefined {
  if (name === '') {
    return 'it is empty'
  }
  if (name === '.' || name === '..') {
    return 'it means a directory itself'
  }
  if (name.includes('/')) {
    return 'it contains a slash'
  }
  if (name.includes('\0')) {
    return 'it contains a NUL character'
  }
  if (!name.isWellFormed()) {
    return 'it is not valid Unicode'
  }
  if (name.length * 3 > MAX_NAME_BYTES && utf8Length(name) > MAX_NAME_BYTES) {
    return `it is longer than ${MAX_NAME_BYTES} bytes`
  }
  return undefined
}

/**
 * Whether a name is, or on some file system would be opened as, the repository's own `.jzfs`: such a name is refused
 * wherever a tree comes in or is written to files.
 *
 * That is `.jzfs` in any case, with trailing dots or spaces (Windows drops them), with an alternate data stream (`:…` on
 * NTFS), with code points that HFS+ ignores, in full-width or other forms that compatibility normalisation folds, and
 * `JZFS~1` to `JZFS~9`, its short (8.3) names.
 */
export function isReservedName(name: string): boolean {
  if (name.length < 5) {
    return false
  }
  const folded = name
    .replaceAll(IGNORABLE, '')
    .normalize('NFKC')
    .replaceAll(IGNORABLE, '')
    .toLowerCase()
    .replace(/:.*$/su, '')
    .replace(/[. ]+$/u, '')
  return folded === '.jzfs' || /^jzfs~[1-9]$/u.test(folded)
}

/** Code points that file systems drop when they compare names: Unicode's default ignorables and format characters. */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu
