import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import { type RevisionSet, resolveRevisions } from '../../repo/revision-range.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { rawArguments } from '../operands.ts'
import { matchesRefGlob } from '../refs/ref-pattern.ts'

/** The options that mean refs, and where these are. */
const REF_OPTIONS: Readonly<Record<string, string>> = {
  '--all': 'refs',
  '--branches': 'refs/heads',
  '--tags': 'refs/tags',
  '--remotes': 'refs/remotes',
  '--glob': 'refs',
}

/** What one argument means: a revision, or the refs of an option; `isNegated` behind `--not`. */
interface RevisionArgument {
  text: string
  option: string | undefined
  isNegated: boolean
}

/**
 * The commits that revisions and options like `--all` mean together; HEAD where there are none of either. `--not` turns what
 * stands behind it round, up to the next.
 */
export async function resolveRevisionArguments(
  command: Command,
  repository: Repository,
  revisions: readonly string[],
  options: RevisionOptions & { graph: CommitGraph },
): Promise<RevisionSet> {
  const given = revisionArguments(command, revisions)
  const set: RevisionSet = { include: [], exclude: [] }
  for (const argument of given.length === 0 ? [HEAD] : given) {
    const { include, exclude, left } = await resolveArgument(repository, argument, options)
    set.include.push(...(argument.isNegated ? exclude : include))
    set.exclude.push(...(argument.isNegated ? include : exclude))
    if (left !== undefined && !argument.isNegated) set.left = [...(set.left ?? []), ...left]
  }
  return set
}

/** Whether a command line names commits in one of the two ways. */
export function namesRevisions(command: Command, revisions: readonly string[]): boolean {
  return revisionArguments(command, revisions).length > 0
}

const HEAD: RevisionArgument = { text: 'HEAD', option: undefined, isNegated: false }

function revisionArguments(command: Command, revisions: readonly string[]): RevisionArgument[] {
  const found: RevisionArgument[] = []
  let isNegated = false
  let next = 0
  let isValue = false
  for (const argument of rawArguments(command)) {
    if (argument === '--') break
    const [name = '', ...value] = argument.split('=')
    if (isValue) isValue = false
    else if (argument === '--not') isNegated = !isNegated
    else if (REF_OPTIONS[name] !== undefined) {
      found.push({ text: value.join('='), option: name, isNegated })
      isValue = name === '--glob' && value.length === 0
    } else if (argument === revisions[next]) {
      found.push({ text: argument, option: undefined, isNegated })
      next++
    } else
      isValue = command.options.some(
        ({ required, long, short }) => required && (argument === long || argument === short),
      )
  }
  return found
}

async function resolveArgument(
  repository: Repository,
  { text, option }: RevisionArgument,
  options: RevisionOptions & { graph: CommitGraph },
): Promise<RevisionSet> {
  if (option === undefined) return resolveRevisions(repository, [text], options)
  const prefix = REF_OPTIONS[option] as string
  const pattern = fullPattern(prefix, text)
  const refs = await repository.refs.list(prefix)
  const cids = refs.filter(({ name }) => pattern === undefined || matchesRefGlob(pattern, name)).map(({ cid }) => cid)
  const head = option === '--all' ? await repository.refs.headCommit() : undefined
  return {
    include: await commitsOf(repository, head === undefined ? cids : [...cids, head], options.graph),
    exclude: [],
  }
}

/** As git: what has no wildcard is a folder of refs. */
function fullPattern(prefix: string, text: string): string | undefined {
  if (text === '') return undefined
  const full = text.startsWith('refs/') ? text : `${prefix}/${text}`
  return /[*?[]/.test(full) ? full : `${full.replace(/\/+$/, '')}/*`
}

/** A ref may also name what is no commit: that has no history. */
async function commitsOf({ store }: Repository, cids: readonly CID[], graph: CommitGraph): Promise<CID[]> {
  const commits: CID[] = []
  for (const cid of cids) {
    const object = await peel(store, graph, cid, 'no-tag')
    if ((await readObjectType(store, object)) === 'commit') commits.push(object)
  }
  return commits
}
