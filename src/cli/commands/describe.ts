import type { CID } from 'multiformats/cid'

import { shortenCid, shortenCidTo } from '../../model/cid-text.ts'
import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { describeCommit } from '../../repo/describe/describe-commit.ts'
import { nameWithin } from '../../repo/describe/name-within.ts'
import { type CommitName, readCommitNames } from '../../repo/describe/named-commits.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { requireWorktree, withRepository } from '../here.ts'
import { readCount } from '../numbers.ts'
import { matchesShortName } from '../refs/ref-pattern.ts'
import { revisionOptions } from '../revisions.ts'

interface DescribeFlags {
  all?: true
  tags?: true
  contains?: true
  long?: true
  always?: true
  exactMatch?: true
  firstParent?: true
  dirty?: string
  abbrev?: string
  candidates?: string
  match?: string[]
  exclude?: string[]
  json?: true
}

/** `jzfs describe`: names commits by the nearest tag. */
export const describe: CommandModule = {
  attachedValues: { '--dirty': '-dirty' },
  configure(command, context) {
    command
      .argument('[revision...]', 'the commits to describe (default: HEAD)')
      .option('--tags', 'take lightweight tags too, not only annotated ones')
      .option('--all', 'take any ref')
      .option('--contains', 'name the commit by a tag that has it in its history: v1~2')
      .option('--long', 'print the number of commits and the CID also for a commit that has a tag')
      .option('--always', 'print the short CID where no tag is found')
      .option('--exact-match', 'take only a tag of the commit itself')
      .option('--first-parent', 'follow only the first parent of each merge')
      .option('--dirty [mark]', 'describe HEAD, with this behind it (default: -dirty) where tracked files are changed')
      .option('--abbrev <number>', 'show so many characters of the CID beyond what all begin with; 0: only the tag')
      .option('--candidates <number>', 'weigh so many tags (default: 10; at most 30)')
      .option('--match <pattern>', 'take only tags that match; may be given several times', collect)
      .option('--exclude <pattern>', 'take no tags that match; may be given several times', collect)
      .option('--json', 'print a JSON document on a line for each commit')
      .action((revisions: string[], flags: DescribeFlags) =>
        withRepository(context, (repository) => run(context, repository, revisions, flags)),
      )
  },
}

async function run(context: Context, repository: Repository, revisions: string[], flags: DescribeFlags): Promise<void> {
  if (flags.dirty !== undefined && revisions.length > 0) throw usage('--dirty is about HEAD and wants no revision')
  if (flags.long && flags.abbrev === '0') throw usage('--long and --abbrev=0 exclude each other')
  const options = revisionOptions(context, repository)
  const names = await readCommitNames(repository, {
    all: flags.all,
    accepts: (name) => isAccepted(name, flags),
    signal: context.signal,
  })
  const isDirty = flags.dirty !== undefined && (await hasChanges(context, repository))
  for (const revision of revisions.length === 0 ? ['HEAD'] : revisions) {
    const commit = await resolveCommit(repository, revision, options)
    const described = await describeOne(context, { graph: options.graph, names, commit, revision }, flags)
    const text = described.text + (isDirty ? flags.dirty : '')
    if (flags.json) {
      const dirty = flags.dirty === undefined ? undefined : isDirty
      await context.terminal.json({ revision, commit, description: text, ...described.facts, dirty })
    } else await context.terminal.out(`${text}\n`)
  }
}

/** Refs that are neither branches nor tags have no short name: patterns leave them out. */
function isAccepted(name: string | undefined, { match = [], exclude = [] }: DescribeFlags): boolean {
  if (name === undefined) return match.length === 0 && exclude.length === 0
  return (exclude.length === 0 || !matchesShortName(exclude, name)) && matchesShortName(match, name)
}

interface Described {
  text: string
  facts: { tag?: string; ref?: string; depth?: number }
}

async function describeOne(
  { signal }: Context,
  { graph, names, commit, revision }: { graph: CommitGraph; names: CommitName[]; commit: CID; revision: string },
  flags: DescribeFlags,
): Promise<Described> {
  const takesAny = flags.tags === true || flags.all === true
  const short =
    flags.abbrev === undefined ? shortenCid(commit) : shortenCidTo(commit, readCount('--abbrev', flags.abbrev))
  if (flags.contains) {
    const text = await nameWithin(graph, names, commit, { signal })
    if (text !== undefined) return { text, facts: {} }
  } else {
    const candidates = flags.candidates === undefined ? 10 : readCount('--candidates', flags.candidates)
    const found = await describeCommit(graph, names, commit, {
      takesAny,
      candidates: flags.exactMatch ? 0 : candidates,
      isFirstParent: flags.firstParent,
      signal,
    })
    if (found !== undefined) {
      const { name, depth } = found
      const isPlain = flags.abbrev === '0' || (depth === 0 && !flags.long)
      const text = isPlain ? name.name : `${name.name}-${depth}-g${short}`
      return { text, facts: { tag: name.name, ref: name.ref, depth } }
    }
  }
  if (flags.always) return { text: short, facts: {} }
  throw nothingFound(revision, { hasLightweight: !takesAny && names.some(({ isAnnotated }) => !isAnnotated) }, flags)
}

async function hasChanges({ signal }: Context, repository: Repository): Promise<boolean> {
  const worktree = requireWorktree(repository)
  const { readStatus } = await import('../../worktree/status/status.ts')
  const { staged, unstaged, conflicts } = await readStatus(worktree, { untracked: 'none', renames: false, signal })
  return staged.length + unstaged.length + conflicts.length > 0
}

function nothingFound(revision: string, { hasLightweight }: { hasLightweight: boolean }, flags: DescribeFlags) {
  const where = flags.contains ? 'no tag has it in its history' : 'no tag is in its history'
  const problem = flags.exactMatch ? 'no tag names it' : where
  return new NotFoundError('no-tag-found', `cannot describe ${revision}: ${problem}`, {
    hint:
      hasLightweight && !flags.contains
        ? 'lightweight tags count with --tags; --always prints the short CID'
        : '--always prints the short CID; `jzfs tag -m MESSAGE NAME` makes a tag',
    details: { revision },
  })
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `describe: ${message}`, { hint: 'see `jzfs describe --help`' })
}
