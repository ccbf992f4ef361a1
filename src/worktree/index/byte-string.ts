/**
 * Byte strings: a path's UTF-8 bytes as a JavaScript string with one character (U+0000–U+00FF) per byte.
 *
 * `<` on byte strings is the order of bytes, which is the order of the index and of trees; V8 keeps them in one byte per
 * character; `readdir` hands them out without loss for names that are not UTF-8. An ASCII path is its own byte string.
 */

// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\u0000-\u007f]/

/** Whether every character of `text` is ASCII, so that it equals its byte string. */
export function isAscii(text: string): boolean {
  return !BEYOND_ASCII.test(text)
}

/** The byte string of a path. */
export function toByteString(path: string): string {
  return isAscii(path) ? path : Buffer.from(path, 'utf8').toString('latin1')
}

/** The path of a byte string; bytes that are not UTF-8 become U+FFFD. */
export function fromByteString(key: string): string {
  return isAscii(key) ? key : Buffer.from(key, 'latin1').toString('utf8')
}

/** The order of byte strings, for `sort`. */
export function compareByteStrings(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
