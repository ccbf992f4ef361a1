import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { describePending, pendingOperation } from '../../repo/operation/operation.ts'
import type { ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import { writeRefreshedIndex } from '../../worktree/index/write-refreshed-index.ts'
import { readStatus, type Status, type StatusOptions } from '../../worktree/status/status.ts'
import { trackingDocument } from '../branch/tracking-text.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { readPathspecs } from '../pathspecs.ts'
import { type CurrentHead, describeHead, longStatus, shownFrom } from '../status-here.ts'
import { renderPorcelain2 } from '../status-porcelain.ts'
import { headLine, renderShortStatus } from '../status-text.ts'

interface StatusFlags {
  short?: true
  porcelain?: string
  branch?: true
  aheadBehind?: boolean
  untrackedFiles?: string
  ignored?: true
  json?: true
}

/** `jzfs status`: what is staged, what is changed, what is untracked. */
export const status: CommandModule = {
  attachedValues: { '-u': 'all', '--untracked-files': 'all', '--porcelain': 'v1' },
  configure(command, context) {
    command
      .argument('[pathspec...]', 'show only what is there')
      .option('-s, --short', 'show two letters and a path for each')
      .option('--porcelain [version]', 'the same, for programs: paths from the top, no colours; v2 tells more')
      .option('-b, --branch', 'show the branch, and what it follows, in short output too')
      .option('--ahead-behind', 'count how far the branch and what it follows are apart (the default)')
      .option('--no-ahead-behind', 'do not count it')
      .option('-u, --untracked-files <mode>', 'show untracked files: no, normal (default), all')
      .option('--ignored', 'show ignored files too')
      .option('--json', 'print one JSON document')
      .action((pathspecs: string[], flags: StatusFlags) =>
        withWorktree(context, async (repository) => {
          const found = await readStatus(repository, {
            ...untrackedOption(flags),
            ignored: flags.ignored === true,
            pathspecs: readPathspecs(context, repository, pathspecs),
            signal: context.signal,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          })
          await show(context, repository, found, flags)
          if (found.isRefreshed) await writeRefreshedIndex(repository, found.index, context.commandLine)
        }),
      )
  },
}

function untrackedOption({ untrackedFiles }: StatusFlags): Pick<StatusOptions, 'untracked'> {
  const modes = { no: 'none', normal: 'collapsed', all: 'all' } as const
  if (untrackedFiles === undefined) return {}
  const mode = modes[untrackedFiles as keyof typeof modes]
  if (mode !== undefined) return { untracked: mode }
  throw new InvalidError('usage', `no such way to show untracked files: ${untrackedFiles}`, {
    hint: 'there is no, normal and all',
  })
}

async function show(context: Context, repository: WorkingRepository, found: Status, flags: StatusFlags): Promise<void> {
  const { terminal } = context
  const porcelain = readPorcelain(flags)
  const head = await describeHead(context, repository, flags)
  const pending = await pendingOperation(repository)
  if (pending !== undefined) terminal.say(describePending(pending))
  if (flags.json) return terminal.json(document(head, found))
  for (const problem of found.problems) terminal.say(`warning: ${problem.message}`)
  for (const path of found.skippedGit) terminal.say(`skipped: ${path} (!.git in .jzfsignore keeps it)`)
  if (porcelain === 'v2') {
    const lines = renderPorcelain2(repository.worktree, head, found, { isBranchShown: flags.branch === true })
    return terminal.out(lines.map((line) => `${line}\n`).join(''))
  }
  if (flags.short || porcelain !== undefined) {
    const branch = flags.branch ? [headLine(head)] : []
    const shown = porcelain === undefined ? shownFrom(context, repository) : quoteName
    const lines = renderShortStatus(found, shown, { artefacts: porcelain === undefined })
    return terminal.out([...branch, ...lines].map((line) => `${line}\n`).join(''))
  }
  await terminal.out(longStatus(context, repository, head, found))
}

function readPorcelain({ porcelain }: StatusFlags): 'v1' | 'v2' | undefined {
  if (porcelain === undefined) return undefined
  const version = porcelain.replace(/^v?/, 'v')
  if (version === 'v1' || version === 'v2') return version
  throw new InvalidError('usage', `there is no porcelain format ${porcelain}`, { hint: 'there is v1 and v2' })
}

function document(head: CurrentHead, found: Status): unknown {
  const { staged, unstaged, untracked, ignored, conflicts, artefacts, problems, skippedGit } = found
  const { sequence, bisect, tracking, branch, commit } = head
  return {
    branch,
    commit,
    upstream: trackingDocument(tracking),
    inProgress: sequence?.kind ?? (bisect === undefined ? null : 'bisect'),
    ...(sequence === undefined || sequence.kind === 'merge' ? {} : { waits: waitsDocument(sequence) }),
    staged,
    unstaged,
    untracked,
    ignored,
    conflicts,
    artefacts,
    problems: problems.map(({ code, message, details }) => ({ code, message, ...details })),
    skippedGit,
  }
}

/** Where a cherry-pick, revert or rebase waits. */
function waitsDocument({ head, onto, stopped, done, todo }: ReplaySequence): unknown {
  return {
    branch: 'branch' in head ? head.branch.replace('refs/heads/', '') : null,
    onto: onto ?? null,
    commit: stopped?.commit ?? null,
    reason: stopped?.reason ?? null,
    done: done.length,
    remaining: todo.length,
  }
}
