import { lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'

import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { compileWildmatch, wildmatch } from '../ignore/wildmatch.ts'
import type { Wildmatch } from '../ignore/wildmatch.ts'
import { fromByteString, toByteString } from '../index/byte-string.ts'

/** Which paths a walk is about. Paths are byte strings, directories with a final slash. */
export interface PathFilter {
  /** Whether all, some or none of what is below a directory can match. */
  coverage(directory: string): 'all' | 'some' | 'none'
  matches(path: string): boolean
}

/** One pathspec: a path, which stands for itself and all below it, or a pattern. */
export interface Pathspec {
  /** As the user wrote it. */
  text: string
  isExclude: boolean
  /** Byte string of the path from the top of the working tree; '' is all. */
  key: string
  /** Matches whole paths; undefined where the pathspec is a plain path. */
  pattern: Wildmatch | undefined
  /** What a path that the pattern matches begins with. */
  literal: string
}

/** Where pathspecs are written. */
export interface PathspecBase {
  /** Absolute path of the working tree, symlinks resolved. */
  worktree: string
  /** Absolute path of the directory that relative ones start from. */
  cwd: string
  /** The paths are those of commits: what the working tree has there now, symlinks among it, does not matter. */
  isHistoric?: boolean
}

/**
 * Reads pathspecs as git does: paths and directories, patterns whose `*` spans slashes, `:(glob)` ones whose `*` does
 * not, `:(literal)`, `:(top)` or `:/`, `:(exclude)` or `:!` or `:^`. Only exclusions: all but these.
 *
 * Throws InvalidError `path-outside-repository`, `path-beyond-symlink` (details: `path`) and `pathspec-invalid`.
 */
export function parsePathspecs(texts: readonly string[], base: PathspecBase): Pathspec[] {
  const pathspecs = texts.map((text) => parsePathspec(text, base))
  for (const { text, literal, isExclude } of pathspecs) {
    if (!isExclude && base.isHistoric !== true) refuseBeyondSymlink(text, fromByteString(literal), base.worktree)
  }
  if (pathspecs.length === 0 || pathspecs.some(({ isExclude }) => !isExclude)) return pathspecs
  return [{ text: ':/', isExclude: false, key: '', pattern: undefined, literal: '' }, ...pathspecs]
}

const MAGIC_OF_SIGN: Record<string, string> = { '/': 'top', '!': 'exclude', '^': 'exclude' }
const MAGIC = new Set(['top', 'exclude', 'glob', 'literal'])

function parsePathspec(text: string, base: PathspecBase): Pathspec {
  // As git: an empty variable in a script must not mean everything.
  if (text === '') {
    throw new InvalidError('pathspec-invalid', 'the pathspec is empty', {
      hint: 'name a path; `.` is the whole folder you stand in',
      details: { pathspec: text },
    })
  }
  const { magic, rest } = splitMagic(text)
  const path = toPathInWorktree(rest, magic.has('top') ? { ...base, cwd: base.worktree } : base, text)
  const key = toByteString(path)
  const isExclude = magic.has('exclude')
  const wild = magic.has('literal') ? -1 : key.search(/[*?[\\]/)
  if (wild === -1) return { text, isExclude, key, pattern: undefined, literal: key }
  // A pattern with a final slash is about directories alone, and so about nothing that is recorded.
  const isDirectory = rest.endsWith('/')
  const pattern = compileWildmatch(isDirectory ? `${key}/` : key, { spanning: !magic.has('glob') })
  return { text, isExclude, key, pattern, literal: key.slice(0, wild) }
}

function splitMagic(text: string): { magic: Set<string>; rest: string } {
  if (!text.startsWith(':')) return { magic: new Set(), rest: text }
  if (text.startsWith(':(')) {
    const end = text.indexOf(')')
    const words = text.slice(2, end).split(',').filter(Boolean)
    const isKnown = words.every((word) => MAGIC.has(word)) && !(words.includes('glob') && words.includes('literal'))
    if (end === -1 || !isKnown) throw invalid(text)
    return { magic: new Set(words), rest: text.slice(end + 1) }
  }
  const magic = new Set<string>()
  let at = 1
  for (; MAGIC_OF_SIGN[text[at] ?? ''] !== undefined; at++) magic.add(MAGIC_OF_SIGN[text[at] as string] as string)
  if (text[at] === ':') return { magic, rest: text.slice(at + 1) }
  // As git: these signs are kept for other magic.
  if (/["#%&',;<=>@_`~-]/.test(text[at] ?? '')) throw invalid(text)
  return { magic, rest: text.slice(at) }
}

function invalid(text: string): InvalidError {
  return new InvalidError('pathspec-invalid', `this is no pathspec: ${quoteName(text)}`, {
    hint: 'known are :(top), :(exclude), :(glob) and :(literal); a path that starts with a colon is written :(literal):…',
    details: { pathspec: text },
  })
}

/**
 * The path from the top of the working tree of what a user wrote in `cwd`; '' is the top itself.
 *
 * Throws InvalidError `path-outside-repository`.
 */
export function toPathInWorktree(written: string, { worktree, cwd }: PathspecBase, text = written): string {
  const absolute = isAbsolute(written) ? withRealParent(written, worktree) : join(cwd, written)
  const path = relative(worktree, absolute)
  if (path === '..' || path.startsWith('../') || isAbsolute(path)) {
    throw new InvalidError('path-outside-repository', `the path is outside the repository: ${quoteName(text)}`, {
      hint: `name a path below ${worktree}`,
      details: { path: text, worktree },
    })
  }
  return path
}

/** The same for a path that names one thing. Throws also InvalidError `path-beyond-symlink` (details: `path`, `symlink`). */
export function plainPath(written: string, base: PathspecBase): string {
  const path = toPathInWorktree(written, base)
  refuseBeyondSymlink(written, path, base.worktree)
  return path
}

/** An absolute path may lead to the working tree through symlinks. */
function withRealParent(path: string, worktree: string): string {
  if (path === worktree || path.startsWith(`${worktree}/`)) return path
  for (let parent = path, rest = ''; parent !== dirname(parent); parent = dirname(parent)) {
    try {
      const real = realpathSync(parent)
      if (real === worktree || real.startsWith(`${worktree}/`) || rest !== '') return join(real, rest)
      return path
    } catch {
      rest = relative(dirname(parent), parent) + (rest === '' ? '' : `/${rest}`)
    }
  }
  return path
}

function refuseBeyondSymlink(text: string, path: string, worktree: string): void {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const parent = path.slice(0, slash)
    let stat
    try {
      stat = lstatSync(join(worktree, parent), { throwIfNoEntry: false })
    } catch {
      return // nothing that could be followed
    }
    if (stat?.isSymbolicLink() !== true) continue
    throw new InvalidError(
      'path-beyond-symlink',
      `the path is beyond a symbolic link, ${quoteName(parent)}: ${quoteName(text)}`,
      {
        hint: `the link itself can be added: ${quoteName(parent)}`,
        details: { path: text, symlink: parent },
      },
    )
  }
}

/** Whether a path (byte string) is one that a pathspec means, an exclusion taken as an inclusion. */
export function matchesPathspec({ key, pattern }: Pathspec, path: string): boolean {
  if (key === '' || path === key || (path.startsWith(key) && path[key.length] === '/')) return true
  return pattern !== undefined && wildmatch(pattern, path)
}

/** The filter of pathspecs; undefined where there are none: everything is meant. */
export function pathFilter(pathspecs: readonly Pathspec[]): PathFilter | undefined {
  if (pathspecs.length === 0) return undefined
  const included = pathspecs.filter(({ isExclude }) => !isExclude)
  const excluded = pathspecs.filter(({ isExclude }) => isExclude)
  return {
    coverage: (directory) => {
      const inclusion = coverageOf(included, directory)
      if (inclusion === 'none' || excluded.length === 0) return inclusion
      const exclusion = coverageOf(excluded, directory)
      if (exclusion === 'all') return 'none'
      return exclusion === 'none' ? inclusion : 'some'
    },
    matches: (path) =>
      included.some((pathspec) => matchesPathspec(pathspec, path)) &&
      !excluded.some((pathspec) => matchesPathspec(pathspec, path)),
  }
}

function coverageOf(pathspecs: readonly Pathspec[], directory: string): 'all' | 'some' | 'none' {
  let coverage: 'some' | 'none' = 'none'
  for (const { key, literal, pattern } of pathspecs) {
    if (key === '' || directory.startsWith(`${key}/`)) return 'all'
    if (literal.startsWith(directory) || (pattern !== undefined && directory.startsWith(literal))) coverage = 'some'
  }
  return directory === '' && pathspecs.length > 0 ? 'some' : coverage
}

/** The error for a pathspec that nothing matches: NotFoundError `pathspec-unmatched`. */
export function pathspecUnmatched({ text }: Pathspec): NotFoundError {
  return new NotFoundError('pathspec-unmatched', `nothing matches the pathspec: ${quoteName(text)}`, {
    hint: 'check its spelling; a pattern needs quotes to reach the program',
    details: { pathspec: text },
  })
}
