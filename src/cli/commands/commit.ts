import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { readDate } from '../../model/commit/date-input.ts'
import { parseIdentity, type Person } from '../../model/commit/person.ts'
import { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { addPaths } from '../../worktree/add/add.ts'
import { type AwaitedCommit, readAwaitedCommit } from '../../worktree/awaited-commit.ts'
import { commitIndex, type CommitOptions, type MadeCommit } from '../../worktree/commit.ts'
import { readStatus } from '../../worktree/status/status.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { editMessage } from '../editor.ts'
import { exitStatus } from '../exit-status.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { currentPerson, localOffset, sayTakenIdentity } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { renderLongStatus } from '../status-text.ts'

interface CommitFlags {
  message?: string[]
  file?: string
  all?: true
  amend?: true
  edit?: boolean
  allowEmpty?: true
  author?: string
  date?: string
  quiet?: true
  json?: true
}

/** `jzfs commit`: records what is staged. */
export const commit: CommandModule = {
  configure(command, context) {
    command
      .option('-m, --message <text>', 'use this message; several become paragraphs', collect)
      .option('-F, --file <path>', 'take the message from a file, - for standard input')
      .option('-a, --all', 'stage changes and removals of tracked files first')
      .option('--amend', 'make the last commit anew instead of a new one')
      .option('--no-edit', 'keep the message of the commit that is amended, or of what is in progress')
      .option('--allow-empty', 'commit also when nothing changed')
      .option('--author <name>', 'name another author: Name <email>')
      .option('--date <date>', 'set the date of the author')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((flags: CommitFlags) =>
        withWorktree(context, async (repository) => {
          if (flags.all) await stageTracked(context, repository)
          const made = await make(context, repository, flags)
          if (made !== undefined) await report(context, repository, made, flags)
        }),
      )
  },
}

async function stageTracked(context: Context, repository: WorkingRepository): Promise<void> {
  const progress = createProgressLine(context.terminal, 'adding')
  const person = currentPerson(context, repository.config, 'COMMITTER')
  const { commandLine: command, signal } = context
  try {
    await addPaths(repository, [], {
      command,
      person,
      update: true,
      recordsIndex: true,
      signal,
      onProgress: progress.update,
    })
  } finally {
    progress.done()
  }
}

/** Undefined where nothing is staged that the last commit does not have: the status says so, as git's does. */
async function make(
  context: Context,
  repository: WorkingRepository,
  flags: CommitFlags,
): Promise<MadeCommit | undefined> {
  const last = flags.amend === true ? await lastCommit(repository) : await readAwaitedCommit(repository)
  const options: CommitOptions = {
    command: context.commandLine,
    author: chooseAuthor(context, repository, flags, last?.author),
    committer: currentPerson(context, repository.config, 'COMMITTER'),
    message: await chooseMessage(context, repository, flags, last?.message),
    amend: flags.amend === true,
    allowEmpty: flags.allowEmpty === true,
    signal: context.signal,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }
  try {
    return await commitIndex(repository, options)
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'nothing-to-commit' || flags.json) throw error
    context.status = exitStatus(error)
    await showWhyNot(context, repository)
    return undefined
  }
}

async function lastCommit({ refs, store }: WorkingRepository): Promise<AwaitedCommit | undefined> {
  const tip = await refs.headCommit()
  return tip === undefined ? undefined : decodeCommit(tip, await store.get(tip))
}

function chooseAuthor(
  context: Context,
  { config }: WorkingRepository,
  flags: CommitFlags,
  last: Person | undefined,
): Person {
  const author = last ?? currentPerson(context, config, 'AUTHOR')
  return {
    ...author,
    ...(flags.author === undefined ? {} : parseIdentity(flags.author)),
    ...(flags.date === undefined ? {} : { date: readDate(flags.date, localOffset) }),
  }
}

async function chooseMessage(
  context: Context,
  repository: WorkingRepository,
  { message, file, edit }: CommitFlags,
  last: string | undefined,
): Promise<string> {
  if (message !== undefined) return message.join('\n\n')
  if (file !== undefined) return readMessage(file === '-' ? 0 : resolve(context.cwd, file), file)
  if (edit === false && last !== undefined) return last
  return editMessage(context, repository.path, `${last ?? ''}\n${await comments(repository)}`)
}

function readMessage(file: string | number, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw explainFsError(error, name)
  }
}

async function comments(repository: WorkingRepository): Promise<string> {
  const found = await readStatus(repository)
  const head = await repository.refs.head()
  const branch = 'branch' in head ? head.branch.replace('refs/heads/', '') : undefined
  const lines = renderLongStatus({ color: false }, { branch, commit: undefined }, found, quoteName)
  return ['Write the message of the commit. Lines that begin with # are dropped.', ...lines]
    .map((line) => `# ${line}\n`)
    .join('')
}

async function showWhyNot(context: Context, repository: WorkingRepository): Promise<void> {
  const { describeHead, longStatus } = await import('../status-here.ts')
  const head = await describeHead(context, repository)
  await context.terminal.out(longStatus(context, repository, head, await readStatus(repository)))
}

async function report(
  context: Context,
  repository: WorkingRepository,
  made: MadeCommit,
  flags: CommitFlags,
): Promise<void> {
  const { cid, commit: node, parentTree, branch } = made
  const name = branch?.replace('refs/heads/', '')
  if (flags.json) return context.terminal.json({ commit: cid, tree: node.tree, parents: node.parents, branch: name })
  if (flags.quiet) return
  sayTakenIdentity(context, repository.config)
  const changed = await countChanges(repository, parentTree, node.tree)
  const root = node.parents.length === 0 ? ' (root commit)' : ''
  const subject = node.message.split('\n', 1)[0]
  const files = `${changed} ${changed === 1 ? 'file' : 'files'} changed`
  await context.terminal.out(`[${name ?? 'detached HEAD'}${root} ${shortenCid(cid)}] ${subject}\n ${files}\n`)
}

async function countChanges({ store }: WorkingRepository, before: CID | undefined, after: CID): Promise<number> {
  let count = 0
  for await (const _ of diffTrees(store, before, after)) count++
  return count
}
