/**
 * Ref names as paths on disk.
 *
 * Every name has one path and every path one name, on any file system: also where case or Unicode normalisation does not
 * tell names apart, where a name is at most 255 bytes, and where `con` is a device. A component becomes: lower-case letters,
 * digits, `-`, `_` and `.` as they are; an upper-case letter `=` and its lower case; every other byte of its UTF-8 `%` and
 * two hex digits. What is longer than 200 characters is cut: every piece but the last ends in `+` and is a folder, every piece
 * but the first begins with `+`. The file of a ref has a suffix (`.ref`, `.log`) that no folder can have: so `a` lies beside
 * `a/b`.
 */
const PIECE_LENGTH = 200
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/
const SUFFIXED = /\.(ref|log)$/

/** Components that are their own path, whatever else is in the name: most are. */
const PLAIN = /^[a-z0-9_-]+$/

/** The relative path of a ref, without suffix: `refs/heads/Main` → `refs/heads/=main`. */
export function encodeRefName(name: string): string {
  return name.split('/').map(encodeComponent).join('/')
}

/** The ref name of a relative path without suffix; undefined where `encodeRefName` cannot have made it. */
export function decodeRefPath(path: string): string | undefined {
  const components: string[] = []
  let pieces = ''
  for (const piece of path.split('/')) {
    pieces += piece.replaceAll('+', '')
    if (!piece.endsWith('+')) {
      components.push(decodeComponent(pieces))
      pieces = ''
    }
  }
  const name = components.join('/')
  return encodeRefName(name) === path ? name : undefined
}

function encodeComponent(component: string): string {
  if (PLAIN.test(component) && component.length <= PIECE_LENGTH && !DEVICE.test(component)) return component
  let encoded = ''
  for (const byte of Buffer.from(component)) {
    encoded += ENCODED_BYTES[byte]
  }
  if (encoded.startsWith('.') || DEVICE.test(encoded)) {
    encoded = hexOf(encoded.charCodeAt(0)) + encoded.slice(1)
  }
  if (encoded.endsWith('.')) {
    encoded = `${encoded.slice(0, -1)}%2e`
  }
  encoded = encoded.replace(SUFFIXED, '%2e$1')
  return encoded.length <= PIECE_LENGTH ? encoded : cut(encoded)
}

function cut(encoded: string): string {
  const pieces: string[] = []
  for (let start = 0; start < encoded.length; start += PIECE_LENGTH) {
    pieces.push(encoded.slice(start, start + PIECE_LENGTH))
  }
  return pieces.join('+/+')
}

function decodeComponent(encoded: string): string {
  if (PLAIN.test(encoded)) return encoded
  const latin = encoded
    .replaceAll(/=([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(latin, 'latin1').toString()
}

function hexOf(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`
}

const ENCODED_BYTES = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if (/[a-z0-9._-]/.test(character)) {
    return character
  }
  return /[A-Z]/.test(character) ? `=${character.toLowerCase()}` : hexOf(byte)
})
