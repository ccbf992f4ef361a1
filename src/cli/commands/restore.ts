import { InvalidError } from '../../model/errors.ts'
import { restorePaths, type Restored } from '../../worktree/restore.ts'
import type { CommandModule } from '../command.ts'
import { addConflictOptions, type ConflictFlags, readConflictOptions } from '../conflict-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'

interface RestoreFlags extends ConflictFlags {
  source?: string
  staged?: true
  worktree?: true
  force?: true
  quiet?: true
  json?: true
}

/** `jzfs restore`: brings back files and index entries. */
export const restore: CommandModule = {
  configure(command, context) {
    addConflictOptions(command)
      .argument('<pathspec...>', 'restore what is there')
      .option('-s, --source <revision>', 'take this commit or folder instead of the index, or of HEAD with --staged')
      .option('-S, --staged', 'restore the index')
      .option('-W, --worktree', 'restore files (the default, unless --staged is given)')
      .option('-f, --force', 'overwrite untracked files in the way, and discard what is too much to be kept for undo')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((texts: string[], flags: RestoreFlags) =>
        withWorktree(context, async (repository) => {
          if (texts.length === 0)
            throw new InvalidError('usage', 'restore: nothing is named', { hint: 'restore . is all' })
          // What was tracked counts, also where a symlink has come in between.
          const pathspecs = readHistoricPathspecs(context, repository, texts)
          const conflict = readConflictOptions('restore', flags, repository.config)
          if (conflict.conflict !== undefined && (flags.source !== undefined || flags.staged)) {
            throw new InvalidError('usage', `restore: --${conflict.conflict} goes with neither --source nor --staged`, {
              hint: 'see `jzfs restore --help`',
            })
          }
          const progress = createProgressLine(context.terminal, 'restoring')
          const restored = await restorePaths(repository, pathspecs, {
            ...revisionOptions(context, repository),
            command: context.commandLine,
            person: currentPerson(context, repository.config, 'COMMITTER'),
            source: flags.source,
            staged: flags.staged === true,
            worktree: flags.worktree === true || flags.staged !== true,
            force: flags.force === true,
            ...conflict,
            onProgress: progress.update,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          }).finally(progress.done)
          await report(context, restored, flags)
        }),
      )
  },
}

async function report(context: Context, restored: Restored, flags: RestoreFlags): Promise<void> {
  const { left, failed } = restored
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ ...restored, failed: failures })
  }
  sayNotDone(context, restored)
}
