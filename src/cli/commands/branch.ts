import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { InvalidError } from '../../model/errors.ts'
import { BRANCHES, createBranch, deleteBranch, type RefAuthor, renameBranch } from '../../repo/refs/branch.ts'
import type { RefDetails } from '../../repo/refs/ref-details.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { messageParts } from '../history/commit-message.ts'
import { currentPerson } from '../identity.ts'
import { followRenamedBranch, unpublishDeleted } from '../published-branch.ts'
import {
  addRefListOptions,
  printRefs,
  readRefScene,
  refDocument,
  type RefListFlags,
  selectRefs,
} from '../refs/ref-list.ts'
import { matchesShortName } from '../refs/ref-pattern.ts'
import { revisionOptions } from '../revisions.ts'
import { styled } from '../style.ts'

interface BranchFlags extends RefListFlags {
  list?: true
  verbose?: true
  all?: true
  showCurrent?: true
  delete?: true
  forceDelete?: true
  move?: true
  forceMove?: true
  force?: true
  quiet?: true
  json?: true
}

/** `jzfs branch`: lists, makes, renames and deletes branches. */
export const branch: CommandModule = {
  configure(command, context) {
    addRefListOptions(command)
      .argument('[name...]', 'NAME [REV] makes a branch; with -d names, with -m [OLD] NEW, with --list patterns')
      .option('-l, --list', 'list branches, those that match the patterns')
      .option('-v, --verbose', 'list with commits')
      .option('-a, --all', 'list all branches')
      .option('--show-current', 'print the branch that is checked out')
      .option('-d, --delete', 'delete branches that HEAD contains')
      .option('-D, --force-delete', 'delete branches, merged or not')
      .option('-m, --move', 'rename a branch')
      .option('-M, --force-move', 'rename a branch, in the place of another')
      .option('-f, --force', 'move a branch that is there already, delete one that is not merged')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((names: string[], flags: BranchFlags) =>
        withRepository(context, (repository) => run(context, repository, names, flags)),
      )
  },
}

function run(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const { list, contains, merged, pointsAt, verbose } = flags
  if (flags.showCurrent) return showCurrent(context, repository, flags)
  if (flags.delete || flags.forceDelete) return remove(context, repository, names, flags)
  if (flags.move || flags.forceMove) return rename(context, repository, names, flags)
  const isListing = list ?? contains ?? merged ?? pointsAt ?? (names.length === 0 ? true : undefined)
  if (isListing !== undefined || (verbose && names.length === 0)) return printList(context, repository, names, flags)
  return create(context, repository, names, flags)
}

function author(context: Context, { config }: Repository): RefAuthor {
  return { command: context.commandLine, person: currentPerson(context, config, 'COMMITTER') }
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
  const before = await createBranch(repository, { name, commit, from, force }, author(context, repository))
  if (flags.json) await context.terminal.json({ branch: name, before: before ?? null, after: commit })
}

async function remove(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  if (names.length === 0) throw usage('-d wants the name of a branch', '`jzfs branch` lists what there is')
  const force = flags.forceDelete === true || flags.force === true
  const deleted: unknown[] = []
  for (const name of names) {
    const commit = await deleteBranch(repository, { name, force }, author(context, repository))
    deleted.push({ branch: name, commit })
    if (!flags.json && !flags.quiet) {
      await context.terminal.out(`Deleted branch ${name} (was ${shortenCid(commit)}).\n`)
    }
  }
  const refs = names.map((name) => BRANCHES + name)
  await unpublishDeleted(context, repository, refs)
  if (flags.json) await context.terminal.json({ deleted })
}

async function rename(context: Context, repository: Repository, names: string[], flags: BranchFlags): Promise<void> {
  const [first, second, ...more] = names
  if (first === undefined || more.length > 0) throw usage('-m wants [OLD] NEW', 'jzfs branch -m OLD NEW')
  const before = second === undefined ? await currentBranch(repository) : first
  const after = second ?? first
  const force = flags.forceMove === true || flags.force === true
  await renameBranch(repository, { before, after, force }, author(context, repository))
  await followRenamedBranch(context, repository, { before: BRANCHES + before, after: BRANCHES + after })
  if (flags.json) await context.terminal.json({ before, after })
}

async function currentBranch({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  if ('branch' in head) return head.branch.slice(BRANCHES.length)
  throw new InvalidError('head-detached', 'no branch is checked out', { hint: 'name it: `jzfs branch -m OLD NEW`' })
}

async function printList(
  context: Context,
  repository: Repository,
  patterns: string[],
  flags: BranchFlags,
): Promise<void> {
  const all = await repository.refs.list('refs/heads')
  const matching = all.filter(({ name }) => matchesShortName(patterns, name.slice(BRANCHES.length)))
  const branches = await selectRefs(context, repository, matching, flags)
  if (flags.json) {
    const scene = await readRefScene(context, repository)
    const documents = branches.map((ref) => ({ branch: ref.name.slice(BRANCHES.length), ...refDocument(ref, scene) }))
    return context.terminal.json({ branches: documents })
  }
  if (flags.format !== undefined) return printRefs(context, repository, branches, flags.format)
  await context.terminal.out((await branchLines(context, repository, branches, flags)).join(''))
}

async function branchLines(
  { terminal }: Context,
  { refs, store }: Repository,
  branches: readonly RefDetails[],
  flags: BranchFlags,
): Promise<string[]> {
  const head = await refs.head()
  const rows = branches.map(({ name, cid, commit }) => ({
    name: name.slice(BRANCHES.length),
    cid,
    subject: messageParts(commit?.message ?? '').subject,
    isHead: 'branch' in head && head.branch === name,
  }))
  const isFiltered = flags.contains !== undefined || flags.merged !== undefined || flags.pointsAt !== undefined
  if ('detached' in head && !isFiltered && flags.list !== true) {
    const name = `(HEAD detached at ${shortenCid(head.detached)})`
    const { message } = decodeCommit(head.detached, await store.get(head.detached))
    rows.unshift({ name, cid: head.detached, subject: messageParts(message).subject, isHead: true })
  }
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  return rows.map(({ name, cid, subject, isHead }) => {
    const shown = isHead ? styled(terminal, 'green', name) : name
    const rest = flags.verbose ? `${' '.repeat(width - name.length)} ${shortenCid(cid)} ${subject}` : ''
    return `${isHead ? '* ' : '  '}${shown}${rest}\n`
  })
}

function usage(message: string, hint: string): InvalidError {
  return new InvalidError('usage', message, { hint })
}
