import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import { shortenCid } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { readBisect } from '../../repo/bisect/bisect-state.ts'
import { describePending, pendingOperation } from '../../repo/operation/operation.ts'
import type { ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import { readSequence } from '../../repo/sequence/sequence.ts'
import { writeRefreshedIndex } from '../../worktree/index/write-refreshed-index.ts'
import { readStatus, type Status, type StatusOptions } from '../../worktree/status/status.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { readPathspecs } from '../pathspecs.ts'
import { headLine, renderLongStatus, renderShortStatus, type HeadDescription } from '../status-text.ts'

interface StatusFlags {
  short?: true
  porcelain?: true
  branch?: true
  untrackedFiles?: string
  ignored?: true
  json?: true
}

/** `jzfs status`: what is staged, what is changed, what is untracked. */
export const status: CommandModule = {
  attachedValues: { '-u': 'all', '--untracked-files': 'all' },
  configure(command, context) {
    command
      .argument('[pathspec...]', 'show only what is there')
      .option('-s, --short', 'show two letters and a path for each')
      .option('--porcelain', 'the same, for programs: paths from the top, no colours')
      .option('-b, --branch', 'show the branch in short output too')
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
  const head = await describeHead(repository)
  const pending = await pendingOperation(repository)
  if (pending !== undefined) terminal.say(describePending(pending))
  if (flags.json) return terminal.json(document(head, found))
  for (const problem of found.problems) terminal.say(`warning: ${problem.message}`)
  for (const path of found.skippedGit) terminal.say(`skipped: ${path} (!.git in .jzfsignore keeps it)`)
  if (flags.short || flags.porcelain) {
    const branch = flags.branch ? [headLine(head)] : []
    const shown = flags.porcelain ? quoteName : shownFrom(context, repository)
    const lines = renderShortStatus(found, shown, { artefacts: !flags.porcelain })
    return terminal.out([...branch, ...lines].map((line) => `${line}\n`).join(''))
  }
  const lines = renderLongStatus(terminal, head, found, shownFrom(context, repository))
  await terminal.out(lines.map((line) => `${line}\n`).join(''))
}

function document(head: HeadDescription, found: Status): unknown {
  const { staged, unstaged, untracked, ignored, conflicts, artefacts, problems, skippedGit } = found
  const { sequence, bisect, ...where } = head
  return {
    ...where,
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

async function describeHead(repository: WorkingRepository): Promise<HeadDescription> {
  const { refs } = repository
  const [head, commit] = [await refs.head(), await refs.headCommit()]
  return {
    branch: 'branch' in head ? head.branch.replace('refs/heads/', '') : undefined,
    commit: commit && shortenCid(commit),
    sequence: readSequence(repository),
    bisect: await readBisect(repository),
  }
}

/** Shows a path from where the user stands, as git does. */
function shownFrom(context: Context, { worktree }: WorkingRepository): (path: string) => string {
  const cwd = realpathSync(context.cwd)
  if (cwd === worktree) return quoteName
  return (path) => quoteName(`${relative(cwd, join(worktree, path)) || '.'}${path.endsWith('/') ? '/' : ''}`)
}
