/**
 * Git's wildcard patterns (`wildmatch` with WM_PATHNAME), on byte strings: `*` and `?` stop at slashes, `**` between
 * slashes spans directories, `[...]` with ranges and POSIX classes, `\` takes the next byte literally.
 *
 * Matching takes at most pattern × text steps for each `**`-free stretch: a hostile pattern cannot hang the program, as
 * it could with regular expressions.
 */
export interface Wildmatch {
  /** Bytes 0–255 literally, or one of the codes below; from 256 on the number of a class. */
  readonly codes: Int32Array
  readonly classes: readonly Uint8Array[]
}

const ANY = -1
const STAR = -2
/** `**` that spans anything, slashes too. */
const SPAN = -3
/** `**` + `/`: any number of whole directories. */
const DIRECTORIES = -4
const FIRST_CLASS = 256
const SLASH = 0x2f

/**
 * Compiles a pattern; undefined for one that can match nothing (an unclosed bracket, an unknown class, a final `\`).
 *
 * With `spanning`, as in pathspecs, `*` and `?` and brackets match slashes as well (git without WM_PATHNAME).
 */
export function compileWildmatch(pattern: string, { spanning = false } = {}): Wildmatch | undefined {
  const codes: number[] = []
  const classes: Uint8Array[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]
    if (character === '\\') {
      at++
      if (at === pattern.length) return undefined
      codes.push(pattern.charCodeAt(at))
    } else if (character === '?' && !spanning) {
      codes.push(ANY)
    } else if (character === '?' || character === '[') {
      const parsed = character === '?' ? { members: new Uint8Array(256).fill(1), end: at } : parseClass(pattern, at)
      if (parsed === undefined) return undefined
      if (!spanning) parsed.members[SLASH] = 0
      codes.push(FIRST_CLASS + classes.length)
      classes.push(parsed.members)
      at = parsed.end
    } else if (character === '*') {
      at = compileStars(pattern, at, codes, spanning)
    } else {
      codes.push(pattern.charCodeAt(at))
    }
  }
  return { codes: Int32Array.from(codes), classes }
}

/** Compiles the stars at `start`; returns the place of the last character used. */
function compileStars(pattern: string, start: number, codes: number[], spanning: boolean): number {
  let end = start
  while (pattern[end + 1] === '*') end++
  if (spanning) {
    codes.push(SPAN)
    return end
  }
  const isWhole = start === 0 || pattern[start - 1] === '/'
  if (end === start || !isWhole) {
    codes.push(STAR)
    return end
  }
  if (pattern[end + 1] === '/') {
    codes.push(DIRECTORIES)
    return end + 1
  }
  const isLast = end + 1 === pattern.length || pattern.startsWith('\\/', end + 1)
  codes.push(isLast ? SPAN : STAR)
  return end
}

/** Reads the bracket at `start`: what it matches, and where it is closed. */
function parseClass(pattern: string, start: number): { members: Uint8Array; end: number } | undefined {
  const members = new Uint8Array(256)
  let at = start + 1
  const isNegated = pattern[at] === '!' || pattern[at] === '^'
  if (isNegated) at++
  // The byte before, where it can begin a range; 0 where it cannot.
  let before = 0
  for (let isFirst = true; isFirst || pattern[at] !== ']'; at++, isFirst = false) {
    if (at >= pattern.length) return undefined
    if (pattern.startsWith('[:', at)) {
      const end = pattern.indexOf(']', at + 2)
      if (end === -1) return undefined
      if (end > at + 2 && pattern[end - 1] === ':') {
        const included = POSIX_CLASSES[pattern.slice(at + 2, end - 1)]
        if (included === undefined) return undefined
        for (let byte = 0; byte < 128; byte++) if (included(byte)) members[byte] = 1
        before = 0
        at = end
        continue
      }
    }
    const next = pattern[at + 1]
    if (pattern[at] === '-' && before !== 0 && next !== undefined && next !== ']') {
      at += next === '\\' ? 2 : 1
      if (at >= pattern.length) return undefined
      members.fill(1, before, pattern.charCodeAt(at) + 1)
      before = 0
      continue
    }
    if (pattern[at] === '\\') at++
    if (at >= pattern.length) return undefined
    before = pattern.charCodeAt(at)
    members[before] = 1
  }
  return { members: isNegated ? members.map((member) => 1 - member) : members, end: at }
}

const between = (low: number, high: number) => (byte: number) => byte >= low && byte <= high
const isDigit = between(0x30, 0x39)
const isLower = between(0x61, 0x7a)
const isUpper = between(0x41, 0x5a)
const isAlpha = (byte: number) => isLower(byte) || isUpper(byte)
const isAlnum = (byte: number) => isAlpha(byte) || isDigit(byte)
const isGraph = between(0x21, 0x7e)
// Git's own: neither vertical tab nor form feed.
const isSpace = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

const POSIX_CLASSES: Record<string, (byte: number) => boolean> = {
  alnum: isAlnum,
  alpha: isAlpha,
  blank: (byte) => byte === 0x20 || byte === 0x09,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit: isDigit,
  graph: isGraph,
  lower: isLower,
  print: between(0x20, 0x7e),
  punct: (byte) => isGraph(byte) && !isAlnum(byte),
  space: isSpace,
  upper: isUpper,
  xdigit: (byte) => isDigit(byte) || between(0x41, 0x46)(byte) || between(0x61, 0x66)(byte),
}

/** Whether the whole byte string `text` from `start` on matches. */
export function wildmatch({ codes, classes }: Wildmatch, text: string, start = 0): boolean {
  let at = start
  let code = 0
  // Where to go on after a mismatch: the last star may take one byte more, else the last `**`. Earlier ones need no
  // second try: what they could take more, the later one can take as well.
  let starCode = -1
  let starAt = 0
  let spanCode = -1
  let spanAt = 0
  for (;;) {
    if (code === codes.length && at === text.length) return true
    const wanted = code < codes.length ? (codes[code] as number) : Number.NaN
    if (wanted === STAR) {
      starCode = ++code
      starAt = at
    } else if (wanted === SPAN || wanted === DIRECTORIES) {
      spanCode = ++code
      spanAt = at
      starCode = -1
    } else if (at < text.length && matchesByte(wanted, text.charCodeAt(at), classes)) {
      code++
      at++
    } else if (starCode !== -1 && starAt < text.length && text.charCodeAt(starAt) !== SLASH) {
      at = ++starAt
      code = starCode
    } else {
      if (spanCode === -1) return false
      spanAt = codes[spanCode - 1] === SPAN ? spanAt + 1 : text.indexOf('/', spanAt) + 1
      if (spanAt === 0 || spanAt > text.length) return false
      at = spanAt
      code = spanCode
      starCode = -1
    }
  }
}

function matchesByte(wanted: number, byte: number, classes: readonly Uint8Array[]): boolean {
  if (wanted === byte) return true
  if (wanted === ANY) return byte !== SLASH
  return wanted >= FIRST_CLASS && (classes[wanted - FIRST_CLASS] as Uint8Array)[byte] === 1
}
