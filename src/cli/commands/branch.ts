import { shortenCid } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import { BRANCHES, createBranch, deleteBranch, renameBranch } from '../../repo/refs/branch.ts'
import { refMissing } from '../../repo/refs/ref-missing.ts'
import { followedStart } from '../../repo/remote/tracking-start.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import { updateRef } from '../../repo/update-ref.ts'
import { type BranchListFlags, listBranches, REMOTES } from '../branch/branch-list.ts'
import { changeUpstream, sayFollowed } from '../branch/set-upstream.ts'
import { readTrackChoice, TRACK_VALUES, type TrackFlag } from '../branch/track-flags.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { followRenamedBranch, unpublishDeleted } from '../published-branch.ts'
import { deleteEach } from '../refs/delete-each.ts'
import { addRefListOptions } from '../refs/ref-list.ts'
import { refAuthor } from '../remote/ref-author.ts'
import { revisionOptions } from '../revisions.ts'

interface BranchFlags extends BranchListFlags {
  showCurrent?: true
  delete?: true
  forceDelete?: true
  move?: true
  forceMove?: true
  force?: true
  setUpstreamTo?: string
  unsetUpstream?: true
  track?: TrackFlag
  quiet?: true
}

/** `jzfs branch`: lists, makes, renames and deletes branches. */
export const branch: CommandModule = {
  attachedValues: TRACK_VALUES,
  configure(command, context) {
    addRefListOptions(command)
      .argument('[name...]', 'NAME [REV] makes a branch; with -d names, with -m [OLD] NEW, with --list patterns')
      .option('-l, --list', 'list branches, those that match the patterns')
      .option('-v, --verbose', 'list with commits, and how far from what they follow; twice: and what that is', countUp)
      .option('-r, --remotes', 'list (with -d delete) what branches remotes had when they were last asked')
      .option('-a, --all', 'list both')
      .option('--show-current', 'print the branch that is checked out')
      .option('-d, --delete', 'delete branches that HEAD contains')
      .option('-D, --force-delete', 'delete branches, merged or not')
      .option('-m, --move', 'rename a branch')
      .option('-M, --force-move', 'rename a branch, in the place of another')
      .option('-f, --force', 'move a branch that is there already, delete one that is not merged')
      .option('-u, --set-upstream-to <upstream>', 'let a branch (default: the current one) follow another')
      .option('--unset-upstream', 'let it follow nothing')
      .option(
        '-t, --track [mode]',
        'let the new branch follow what it starts from (direct), or what that follows (inherit)',
      )
      .option('--no-track', 'let it follow nothing')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((names: string[], flags: BranchFlags) =>
        withRepository(context, (repository) => run(context, repository, names, flags)),
      )
  },
}

function run(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const { list, contains, merged, pointsAt, remotes, all } = flags
  if (flags.showCurrent) return showCurrent(context, repository, flags)
  if (flags.delete || flags.forceDelete) return remove(context, repository, names, flags)
  if (flags.move || flags.forceMove) return rename(context, repository, names, flags)
  if (flags.setUpstreamTo !== undefined || flags.unsetUpstream) return follow(context, repository, names, flags)
  const isListing = list ?? contains ?? merged ?? pointsAt ?? remotes ?? all
  if (isListing !== undefined || names.length === 0) return listBranches(context, repository, names, flags)
  return create(context, repository, names, flags)
}

function follow(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const [branch, ...more] = names
  if (more.length > 0) throw usage('one branch can be named', 'jzfs branch -u UPSTREAM [BRANCH]')
  if (flags.unsetUpstream && flags.setUpstreamTo !== undefined) {
    throw usage('--set-upstream-to and --unset-upstream exclude each other', 'see `jzfs branch --help`')
  }
  return changeUpstream(context, repository, { branch, upstream: flags.setUpstreamTo }, flags)
}

/** Counts how often an option was given. */
function countUp(_value: unknown, before = 0): number {
  return before + 1
}

async function showCurrent({ terminal }: Context, { refs }: Repository, { json }: BranchFlags): Promise<void> {
  const head = await refs.head()
  const name = 'branch' in head ? head.branch.slice(BRANCHES.length) : undefined
  if (json) await terminal.json({ branch: name ?? null })
  else if (name !== undefined) await terminal.out(`${name}\n`)
}

async function create(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const [name = '', from = 'HEAD', ...more] = names
  if (more.length > 0) throw usage('branch wants NAME and a revision', 'name one branch at a time')
  const commit = await resolveCommit(repository, from, revisionOptions(context, repository))
  const force = flags.force === true
  const followed = await followedStart(repository, { name, start: from, choice: readTrackChoice(flags.track) })
  const before = await createBranch(repository, { name, commit, from, force, followed }, refAuthor(context, repository))
  if (flags.json) return context.terminal.json({ branch: name, before: before ?? null, after: commit })
  if (!flags.quiet) await sayFollowed(context, repository, name, followed)
}

async function remove(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  if (names.length === 0) throw usage('-d wants the name of a branch', '`jzfs branch` lists what there is')
  if (flags.remotes) return removeTracking(context, repository, names, flags)
  const force = flags.forceDelete === true || flags.force === true
  const deleted: unknown[] = []
  const gone = await deleteEach(context, names, flags.json === true, async (name) => {
    const { commit, onlyIn } = await deleteBranch(repository, { name, force }, refAuthor(context, repository))
    if (onlyIn !== undefined) {
      context.terminal.say(`warning: '${name}' had been merged to '${onlyIn}', but not yet merged to HEAD`)
    }
    deleted.push({ branch: name, commit })
    if (!flags.json && !flags.quiet) {
      await context.terminal.out(`Deleted branch ${name} (was ${shortenCid(commit)}).\n`)
    }
  })
  const refs = gone.map((name) => BRANCHES + name)
  await unpublishDeleted(context, repository, refs)
  if (flags.json) await context.terminal.json({ deleted })
}

/** Refs of remotes are deleted without more ado: the next fetch may bring them back. */
async function removeTracking(
  context: Context,
  repository: Repository,
  names: string[],
  { json, quiet }: BranchFlags,
): Promise<void> {
  const deleted: unknown[] = []
  await deleteEach(context, names, json === true, async (name) => {
    const commit = await repository.refs.read(REMOTES + name)
    if (commit === undefined) throw await refMissing(repository, 'branch', REMOTES, name)
    const change = { name: REMOTES + name, after: undefined, expected: { cid: commit }, message: '' }
    await updateRef(repository, change, refAuthor(context, repository))
    deleted.push({ branch: name, commit })
    if (json || quiet) return
    await context.terminal.out(`Deleted remote-tracking branch ${name} (was ${shortenCid(commit)}).\n`)
  })
  if (json) await context.terminal.json({ deleted })
}

async function rename(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const [first, second, ...more] = names
  if (first === undefined || more.length > 0) throw usage('-m wants [OLD] NEW', 'jzfs branch -m OLD NEW')
  const before = second === undefined ? await currentBranch(repository) : first
  const after = second ?? first
  const force = flags.forceMove === true || flags.force === true
  await renameBranch(repository, { before, after, force }, refAuthor(context, repository))
  await followRenamedBranch(context, repository, { before: BRANCHES + before, after: BRANCHES + after })
  if (flags.json) await context.terminal.json({ before, after })
}

async function currentBranch({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  if ('branch' in head) return head.branch.slice(BRANCHES.length)
  throw new InvalidError('head-detached', 'no branch is checked out', { hint: 'name it: `jzfs branch -m OLD NEW`' })
}

function usage(message: string, hint: string): InvalidError {
  return new InvalidError('usage', message, { hint })
}
