import { refNameProblem } from '../../model/ref-name.ts'
import { refspecProblem } from '../remote/refspec.ts'
import type { ConfigKey } from './config-keys.ts'

/**
 * The keys that there is one of for each remote or branch: `*` stands for its name, which may have dots and slashes.
 */
export const CONFIG_PATTERNS = {
  'branch.*.merge': {
    type: 'string',
    doc: 'the full name of the branch, as its remote has it, that the branch follows',
    problem: (value) => refNameProblem(value),
  },
  'branch.*.rebase': { type: 'boolean', doc: 'whether `pull` rebases the branch instead of merging into it' },
  'branch.*.remote': { type: 'string', doc: 'the remote that the branch follows; "." for this repository' },
  'remote.*.fetch': {
    type: 'list',
    doc: 'what `fetch` brings, and which refs here keep it (refspecs)',
    problem: (value) => refspecProblem(value, 'fetch'),
  },
  'remote.*.head': {
    type: 'string',
    doc: 'the branch that the HEAD of the remote is on, by its full name there',
    problem: (value) => refNameProblem(value),
  },
  'remote.*.peers': { type: 'list', doc: 'addresses of peers to ask for what the remote names' },
  'remote.*.prune': { type: 'boolean', doc: 'whether `fetch` removes what the remote has no longer; else fetch.prune' },
  'remote.*.pushUrl': { type: 'string', doc: 'where `push` goes, where that is not the url' },
  'remote.*.tags': {
    type: ['follow', 'all', 'none'],
    doc: 'which tags `fetch` takes along: those on what it fetches, all, or none',
  },
  'remote.*.trustedName': { type: 'string', doc: 'the IPNS name that signs for the remote, since the first fetch' },
  'remote.*.url': { type: 'string', doc: 'where the remote is' },
} as const satisfies Record<string, ConfigKey>

/** The name of a key that has a pattern: `remote.origin.url`. */
export type PatternedName = Filled<keyof typeof CONFIG_PATTERNS>

/** The names that a pattern stands for. */
export type Filled<Pattern> = Pattern extends `${infer Start}.*.${infer End}` ? `${Start}.${string}.${End}` : never

/** All keys that there can be of one remote or branch. */
export function keysOf(kind: 'remote' | 'branch', name: string): string[] {
  const patterns = Object.keys(CONFIG_PATTERNS).filter((pattern) => pattern.startsWith(`${kind}.*.`))
  return patterns.map((pattern) => pattern.replace('*', () => name))
}

/** The pattern that a key matches, with the name of its remote or branch; undefined for a key that has none. */
export function matchConfigPattern(
  key: string,
): { pattern: keyof typeof CONFIG_PATTERNS; subject: string } | undefined {
  const [, start, subject = '', end] = /^([a-z]+)\.(.+)\.([a-zA-Z]+)$/s.exec(key) ?? []
  const pattern = `${start}.*.${end}`
  if (!isPattern(pattern) || refNameProblem(`refs/${subject}`) !== undefined) return undefined
  return { pattern, subject }
}

function isPattern(text: string): text is keyof typeof CONFIG_PATTERNS {
  return Object.hasOwn(CONFIG_PATTERNS, text)
}
