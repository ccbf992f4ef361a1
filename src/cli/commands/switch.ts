import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { isSameHead, type Head } from '../../repo/refs/head.ts'
import { readStatus } from '../../worktree/status/status.ts'
import type { SwitchRequest } from '../../worktree/switch/switch-goal.ts'
import { switchTo, type Switched } from '../../worktree/switch/switch.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { renderShortStatus } from '../status-text.ts'

interface SwitchFlags {
  create?: string
  forceCreate?: string
  orphan?: string
  detach?: true
  discardChanges?: true
  force?: true
  quiet?: true
  json?: true
}

/** `jzfs switch`: goes to another branch or commit. */
export const switchCommand: CommandModule = {
  configure(command, context) {
    command
      .argument('[branch]', 'go to this branch; - is the one before')
      .argument('[start]', 'with -c and -C: start the branch at this revision')
      .option('-c, --create <branch>', 'make a new branch and go to it')
      .option('-C, --force-create <branch>', 'the same, and move the branch if there is one')
      .option('--orphan <branch>', 'go to a new branch without history and files')
      .option('-d, --detach', 'go to a commit, on no branch')
      .option('--discard-changes', 'throw away local changes')
      .option('-f, --force', 'the same, and also what is too much to be kept for undo')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((branch: string | undefined, start: string | undefined, flags: SwitchFlags) =>
        withWorktree(context, async (repository) => {
          const request = readRequest(branch, start, flags)
          const progress = createProgressLine(context.terminal, 'switching')
          const switched = await switchTo(repository, request, {
            command: context.commandLine,
            person: currentPerson(context, repository.config, 'COMMITTER'),
            discardChanges: flags.discardChanges === true || flags.force === true,
            force: flags.force === true,
            signal: context.signal,
            onProgress: progress.update,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          }).finally(progress.done)
          await report(context, repository, switched, flags)
        }),
      )
  },
}

function readRequest(first: string | undefined, second: string | undefined, flags: SwitchFlags): SwitchRequest {
  const { create, forceCreate, orphan, detach } = flags
  const ways = [create, forceCreate, orphan, detach].filter((each) => each !== undefined)
  if (ways.length > 1) throw usage('-c, -C, --orphan and --detach exclude each other')
  const made = create ?? forceCreate
  if (second !== undefined || (orphan !== undefined && first !== undefined)) throw usage('too many arguments')
  if (made !== undefined) return { create: made, start: first, reset: forceCreate !== undefined }
  if (orphan !== undefined) return { orphan }
  if (detach) return { detach: first === undefined ? 'HEAD' : first === '-' ? '@{-1}' : first }
  if (first === undefined) throw usage('no branch is named')
  return { branch: first }
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `switch: ${message}`, { hint: 'see `jzfs switch --help`' })
}

async function report(
  context: Context,
  repository: WorkingRepository,
  switched: Switched,
  flags: SwitchFlags,
): Promise<void> {
  const { before, after, branch, discarded, left, failed } = switched
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    const sides = { before: describeSide(before), after: describeSide(after) }
    return context.terminal.json({ ...sides, created: branch === 'new', discarded, left, failed: failures })
  }
  sayNotDone(context, switched)
  if (flags.quiet) return
  await showCarried(context, repository)
  for (const line of await describe(repository, switched)) context.terminal.say(line)
}

function describeSide({ head, commit }: Switched['after']): { branch: string | undefined; commit: CID | undefined } {
  return { branch: shortName(head), commit }
}

/** Names what was changed before, and still is. */
async function showCarried(context: Context, repository: WorkingRepository): Promise<void> {
  const status = await readStatus(repository, { untracked: 'none', renames: false, signal: context.signal })
  const lines = renderShortStatus({ ...status, ignored: [] }, quoteName).map(
    (line) => `${line.slice(0, 2).trim()}\t${line.slice(3)}\n`,
  )
  if (lines.length > 0) await context.terminal.out(lines.join(''))
}

async function describe(repository: WorkingRepository, switched: Switched): Promise<string[]> {
  const { before, after, branch } = switched
  const name = shortName(after.head)
  const lines: string[] = []
  if ('detached' in before.head && !isSameHead(before.head, after.head)) {
    lines.push(`Previous HEAD position was ${await subjectOf(repository, before.head.detached)}`)
  }
  if (name === undefined) lines.push(`HEAD is now at ${await subjectOf(repository, after.commit as CID)}`)
  else if (branch === 'new') lines.push(`Switched to a new branch '${name}'`)
  else if (isSameHead(before.head, after.head))
    lines.push(`${branch === 'reset' ? 'Reset branch' : 'Already on'} '${name}'`)
  else lines.push(`Switched to ${branch === 'reset' ? 'and reset ' : ''}branch '${name}'`)
  return lines
}

async function subjectOf({ store }: WorkingRepository, commit: CID): Promise<string> {
  const { message } = decodeCommit(commit, await store.get(commit))
  return `${shortenCid(commit)} ${message.split('\n', 1)[0]}`
}

function shortName(head: Head): string | undefined {
  return 'branch' in head ? head.branch.replace('refs/heads/', '') : undefined
}
