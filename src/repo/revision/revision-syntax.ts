import { InvalidError } from '../../model/errors.ts'

/** Where a revision starts. */
export type RevisionBase =
  /** A name of a ref, `HEAD`, `@`, a CID or the beginning of one. */
  | { kind: 'name'; name: string }
  /** `main@{2}`, `main@{yesterday}`: what a ref was so many changes ago, or then; without a name, the current branch. */
  | { kind: 'reflog'; name: string; at: number | { date: string } }
  /** `@{-1}`: the branch that was checked out so many switches ago. */
  | { kind: 'previous-branch'; nth: number }
  /** `main@{upstream}`, `@{-1}@{push}`: the ref that keeps what a branch follows, or is pushed to. */
  | { kind: 'upstream'; name: string; which: 'upstream' | 'push' }
  /** `:path` and `:2:path`: what is staged. */
  | { kind: 'index'; stage: number; path: string }
  /** `/ipns/NAME`, `ipns://NAME`. */
  | { kind: 'ipns'; name: string }

/** What an object can be peeled to. */
export type PeelTarget = 'commit' | 'tree' | 'tag' | 'file' | 'object' | 'no-tag'

/** One step from an object to another, in the order of the text. */
export type RevisionStep =
  /** `^2`: the second parent; `^0`: the commit itself. */
  | { kind: 'parent'; nth: number }
  /** `~3`: the first parent, three times. */
  | { kind: 'ancestor'; generations: number }
  /** `^{tree}`; `^{}` is `no-tag`. */
  | { kind: 'peel'; to: PeelTarget }
  /** `:path` below a revision: a path in its tree. */
  | { kind: 'path'; path: string }
  /** `/ipfs/CID/path`: a path through IPLD nodes, as a gateway walks it. */
  | { kind: 'ipld-path'; segments: string[] }

/** A revision, taken apart. */
export interface RevisionSyntax {
  base: RevisionBase
  steps: RevisionStep[]
}

/**
 * Takes a revision apart: git's syntax (gitrevisions(7)), and the ways in which IPFS names things (`/ipfs/CID/path`,
 * `ipfs://CID/path`, the same with `ipns`). Nothing is looked up. Throws InvalidError `revision-invalid` (details:
 * `revision`). Ranges are not revisions: see `splitRange`.
 */
export function parseRevision(text: string): RevisionSyntax {
  const path = /^(?:\/(ipfs|ipns)\/|(ipfs|ipns):\/\/)([^/]+)(.*)$/s.exec(text)
  if (path !== null) return parseIpfsPath(text, path)
  const staged = /^:(?:([0-3]):)?(?!\/)(.+)$/s.exec(text)
  if (staged !== null) {
    return { base: { kind: 'index', stage: Number(staged[1] ?? 0), path: staged[2] as string }, steps: [] }
  }
  return parseGitRevision(text)
}

function parseGitRevision(text: string): RevisionSyntax {
  const name = /^(?:(?!@\{)[^~^:])*/.exec(text)?.[0] ?? ''
  const { base, length } = parseBase(text, name)
  return { base, steps: parseSteps(text, length) }
}

function parseBase(text: string, name: string): { base: RevisionBase; length: number } {
  const braces = /^@\{([^}]*)\}/.exec(text.slice(name.length))
  if (braces === null) {
    if (name === '') throw invalid(text, 'it names nothing to start from')
    return { base: { kind: 'name', name }, length: name.length }
  }
  const inside = braces[1] as string
  const length = name.length + braces[0].length
  const which = UPSTREAMS.get(inside.toLowerCase())
  if (which !== undefined) return { base: { kind: 'upstream', name, which }, length }
  if (/^\d{1,9}$/.test(inside)) return { base: { kind: 'reflog', name, at: Number(inside) }, length }
  if (name === '' && /^-[1-9]\d{0,8}$/.test(inside)) {
    const behind = /^@\{([a-z]+)\}/i.exec(text.slice(length))
    const ofThat = UPSTREAMS.get(behind?.[1]?.toLowerCase() ?? '')
    if (behind !== null && ofThat !== undefined) {
      const base = { kind: 'upstream', name: braces[0], which: ofThat } as const
      return { base, length: length + behind[0].length }
    }
    return { base: { kind: 'previous-branch', nth: -Number(inside) }, length }
  }
  if (inside !== '' && !NO_DATE.test(inside)) return { base: { kind: 'reflog', name, at: { date: inside } }, length }
  throw invalid(text, `@{${inside}} is not supported: numbers, dates, upstream and push are`)
}

/** Git's names for the branches that a branch goes with: what it follows, and what it is pushed to. */
const UPSTREAMS: ReadonlyMap<string, 'upstream' | 'push'> = new Map([
  ['u', 'upstream'],
  ['upstream', 'upstream'],
  ['push', 'push'],
])

/** Numbers below 0, of a branch. */
const NO_DATE = /^-\d+$/

const PEEL_TARGETS: ReadonlyMap<string, PeelTarget> = new Map([
  ['', 'no-tag'],
  ['commit', 'commit'],
  ['tree', 'tree'],
  ['tag', 'tag'],
  ['file', 'file'],
  ['blob', 'file'],
  ['object', 'object'],
])

const STEP = /(?:\^\{([^}]*)\})|(?:\^(\d{0,9}))|(?:~(\d{0,9}))|(?::(.*))/sy

function parseSteps(text: string, start: number): RevisionStep[] {
  const steps: RevisionStep[] = []
  for (let at = start; at < text.length; at = STEP.lastIndex) {
    STEP.lastIndex = at
    const match = STEP.exec(text)
    if (match === null) throw invalid(text, `"${text.slice(at)}" is no way on from a revision`)
    const [, peel, parent, ancestor, path] = match
    if (peel !== undefined) {
      const to = PEEL_TARGETS.get(peel)
      if (to === undefined) throw invalid(text, `^{${peel}} is not supported`)
      steps.push({ kind: 'peel', to })
    } else if (parent !== undefined) {
      steps.push({ kind: 'parent', nth: parent === '' ? 1 : Number(parent) })
    } else if (ancestor !== undefined) {
      steps.push({ kind: 'ancestor', generations: ancestor === '' ? 1 : Number(ancestor) })
    } else {
      steps.push({ kind: 'path', path: path as string })
    }
  }
  return steps
}

/** `/ipfs/CID` may be followed by git's steps, or by a path as gateways have it. */
function parseIpfsPath(text: string, match: RegExpExecArray): RevisionSyntax {
  const [, namespace, scheme, first, rest] = match as unknown as [string, string?, string?, string?, string?]
  const isIpns = (namespace ?? scheme) === 'ipns'
  if (first?.includes(':') === true) return withBase(parseGitRevision(`${first}${rest ?? ''}`), isIpns)
  const syntax = withBase(parseGitRevision(first ?? ''), isIpns)
  const segments = (rest ?? '').split('/').filter((segment) => segment !== '')
  if (segments.length === 0) return syntax
  const decoded = scheme === undefined ? segments : segments.map((segment) => decodeSegment(text, segment))
  return { base: syntax.base, steps: [...syntax.steps, { kind: 'ipld-path', segments: decoded }] }
}

function withBase({ base, steps }: RevisionSyntax, isIpns: boolean): RevisionSyntax {
  return isIpns && base.kind === 'name' ? { base: { kind: 'ipns', name: base.name }, steps } : { base, steps }
}

function decodeSegment(text: string, segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalid(text, `"${segment}" is no part of a URL`)
  }
}

function invalid(text: string, problem: string): InvalidError {
  return new InvalidError('revision-invalid', `${JSON.stringify(text)} is not a revision: ${problem}`, {
    hint: 'write a branch, a tag, a CID, HEAD~2, main@{1}, main@{yesterday}, v1^{tree}, HEAD:path or /ipfs/CID/path',
    details: { revision: text },
  })
}
