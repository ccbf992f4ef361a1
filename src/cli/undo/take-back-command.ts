import type { Command } from 'commander'

import type { Repository } from '../../repo/repository.ts'
import { redoLast, undoLast, type Undone } from '../../worktree/undo/undo.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { followRenamedBranch } from '../published-branch.ts'
import { reportTakenBack } from './take-back-report.ts'

interface TakeBackFlags {
  force?: true
  dryRun?: true
  quiet?: true
  json?: true
}

/** Declares `jzfs undo`, or `jzfs redo`, which is the same the other way. */
export function declareTakeBack(command: Command, context: Context, kind: 'undo' | 'redo'): void {
  const what = kind === 'undo' ? 'command' : 'undo'
  command
    .option('-n, --dry-run', `show what the last ${what} changed, and take nothing back`)
    .option(
      '-f, --force',
      'also where files were changed since (they are kept), or where the content of some was not kept',
    )
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .addHelpText('after', HELP[kind])
    .action((flags: TakeBackFlags) =>
      withRepository(context, async (repository) => {
        const done = await takeBack(context, repository, kind, flags)
        if (!flags.dryRun)
          for (const move of done.reflogMoves ?? []) await followRenamedBranch(context, repository, move)
        await reportTakenBack(context, repository, done, { ...flags, kind })
      }),
    )
}

const HELP = {
  undo: `
The last command that moved a branch or a tag, or rewrote or removed files, is
taken back: branches, HEAD, files, what is staged and what was in progress are
as before it. Undo again goes further back, redo comes back, and any other
command that changes something puts an end to redo. To stage files is no such
command: \`jzfs restore --staged\` takes that back.`,
  redo: `
Redo again comes back further. Any command that changes something puts an end
to it.`,
}

async function takeBack(
  context: Context,
  repository: Repository,
  kind: 'undo' | 'redo',
  flags: TakeBackFlags,
): Promise<Undone> {
  const progress = createProgressLine(context.terminal, kind === 'undo' ? 'undoing' : 'redoing')
  const run = kind === 'undo' ? undoLast : redoLast
  return run(repository, {
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    force: flags.force === true,
    dryRun: flags.dryRun === true,
    signal: context.signal,
    onProgress: progress.update,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }).finally(progress.done)
}
