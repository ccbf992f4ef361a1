import { parseCidText } from '../../model/cid-text.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import type { Refspec } from './refspec.ts'

/** What one ref of a remote becomes here. */
export interface RefMapping {
  /** The full name of the ref at the remote, `HEAD`, or a CID. */
  source: string
  /** The full name of the ref here; undefined where it is fetched without being kept under a name. */
  target: string | undefined
  /** Whether the ref here may be set to what does not contain what it is. */
  force: boolean
}

/**
 * Works out, by git's rules, what is fetched of a remote that has `refs` (full names, and HEAD), in the order of the
 * refspecs; a ref that is named twice comes once for each target.
 *
 * Throws NotFoundError `remote-ref-missing` (details: `ref`) for a name that the remote does not have; not for patterns that match
 * nothing. ConflictError `refspec-ambiguous` where two refs would become one.
 */
export function mapRefspecs(refspecs: readonly Refspec[], refs: readonly string[]): RefMapping[] {
  const mapped = refspecs.filter(({ negative }) => !negative).flatMap((refspec) => mapRefspec(refspec, refs))
  const kept = mapped.filter(({ source }) => !isTakenAway(refspecs, source))
  const byTarget = new Map<string, RefMapping>()
  for (const mapping of kept) {
    const key = mapping.target ?? `\n${mapping.source}`
    const known = byTarget.get(key)
    if (known !== undefined && known.source !== mapping.source) throw ambiguous(known.source, mapping)
    byTarget.set(key, { ...mapping, force: mapping.force || known?.force === true })
  }
  return [...byTarget.values()]
}

/** The ref here that a ref of a remote is fetched to: the first refspec that names it decides. Undefined where none does. */
export function mapRef(refspecs: readonly Refspec[], source: string): string | undefined {
  return firstMapping(refspecs, source, 'source')
}

/** The reverse: the ref of the remote that a ref here was fetched from. */
export function unmapRef(refspecs: readonly Refspec[], target: string): string | undefined {
  return firstMapping(refspecs, target, 'target')
}

/** The full name that a short one has at a remote, in git's order of looking it up; undefined where there is none. */
export function findRemoteRef(name: string, refs: readonly string[]): string | undefined {
  const there = new Set(refs)
  return REMOTE_PLACES.map((place) => place(name)).find((full) => there.has(full))
}

const REMOTE_PLACES = [
  (name: string) => name,
  (name: string) => `refs/${name}`,
  (name: string) => `refs/tags/${name}`,
  (name: string) => `refs/heads/${name}`,
  (name: string) => `refs/remotes/${name}`,
  (name: string) => `refs/remotes/${name}/HEAD`,
]

/** The full name of the ref that the right side of a refspec means: a branch, where it does not say. */
export function fullTarget(target: string | undefined): string | undefined {
  if (target === undefined || target === '') return undefined
  if (target.startsWith('refs/')) return target
  return /^(?:heads|tags|remotes)\//.test(target) ? `refs/${target}` : `refs/heads/${target}`
}

function mapRefspec({ source, target, pattern, force }: Refspec, refs: readonly string[]): RefMapping[] {
  if (pattern) {
    return refs.flatMap((ref) => {
      const middle = matchPattern(source, ref)
      return middle === undefined ? [] : { source: ref, target: fill(target, middle), force }
    })
  }
  const named = source === '' ? 'HEAD' : source
  const found = parseCidText(named) === undefined ? findRemoteRef(named, refs) : named
  if (found === undefined) throw missing(named, refs)
  return [{ source: found, target: fullTarget(target), force }]
}

function firstMapping(refspecs: readonly Refspec[], name: string, side: 'source' | 'target'): string | undefined {
  for (const refspec of refspecs.filter(({ negative }) => !negative)) {
    const other = side === 'source' ? refspec.target : refspec.source
    const own = side === 'source' ? refspec.source : refspec.target
    if (own === undefined || own === '' || other === undefined || other === '') continue
    const found = refspec.pattern ? fill(other, matchPattern(own, name)) : own === name ? other : undefined
    if (found !== undefined && !isTakenAway(refspecs, side === 'source' ? name : found)) return found
  }
  return undefined
}

function isTakenAway(refspecs: readonly Refspec[], ref: string): boolean {
  return refspecs.some(({ negative, pattern, source }) => {
    if (!negative) return false
    return pattern ? matchPattern(source, ref) !== undefined : source === ref
  })
}

/** What the `*` of a pattern stands for in a name; undefined where it does not match. */
function matchPattern(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf('*')
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  const isLongEnough = name.length >= start.length + end.length
  return isLongEnough && name.startsWith(start) && name.endsWith(end)
    ? name.slice(start.length, name.length - end.length)
    : undefined
}

function fill(pattern: string | undefined, middle: string | undefined): string | undefined {
  if (pattern === undefined || pattern === '' || middle === undefined) return undefined
  return pattern.replace('*', () => middle)
}

function missing(name: string, refs: readonly string[]): NotFoundError {
  const nearest = nearestNames(
    name,
    refs.map((ref) => ref.replace(/^refs\/(?:heads\/|tags\/)?/, '')),
  )
  return new NotFoundError('remote-ref-missing', `the remote has no ref ${JSON.stringify(name)}`, {
    hint: nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : 'list what it has with `jzfs ls-remote`',
    details: { ref: name, nearest },
  })
}

function ambiguous(first: string, { source, target }: RefMapping): ConflictError {
  return new ConflictError('refspec-ambiguous', `both ${first} and ${source} would be fetched to ${target}`, {
    hint: 'give each a target of its own: SOURCE:TARGET',
    details: { target, sources: [first, source] },
  })
}
