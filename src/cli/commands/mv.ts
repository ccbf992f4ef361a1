import { realpathSync } from 'node:fs'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { movePaths, type Moved } from '../../worktree/move.ts'
import { plainPath } from '../../worktree/pathspec/pathspec.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree } from '../here.ts'
import { currentPerson } from '../identity.ts'

interface MvFlags {
  force?: true
  dryRun?: true
  skip?: true
  verbose?: true
  json?: true
}

/** `jzfs mv`: moves files and folders. */
export const mv: CommandModule = {
  configure(command, context) {
    command
      .argument('<paths...>', 'the file or folder and its new name, or several and the folder they go to')
      .option('-f, --force', 'write over files that are there')
      .option('-n, --dry-run', 'show what would be moved, and move nothing')
      .option('-k, --skip', 'leave out what cannot be moved')
      .option('-v, --verbose', 'name what is moved')
      .option('--json', 'print one JSON document')
      .action((texts: string[], flags: MvFlags) =>
        withWorktree(context, async (repository) => {
          if (texts.length < 2)
            throw new InvalidError('usage', 'mv: no destination is named', { hint: 'see `jzfs mv --help`' })
          const base = { worktree: repository.worktree, cwd: realpathSync(context.cwd) }
          const paths = texts.map((text) => plainPath(text, base))
          const moved = await movePaths(repository, paths.slice(0, -1), paths.at(-1) as string, {
            command: context.commandLine,
            person: currentPerson(context, repository.config, 'COMMITTER'),
            force: flags.force === true,
            dryRun: flags.dryRun === true,
            skipErrors: flags.skip === true,
            signal: context.signal,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          })
          await report(context, moved, flags)
        }),
      )
  },
}

async function report(context: Context, done: Moved, flags: MvFlags): Promise<void> {
  const { moved, errors, left, failed } = done
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    const skipped = errors.map(({ code, message, details }) => ({ code, message, ...details }))
    return context.terminal.json({ ...done, errors: skipped, failed: failures })
  }
  sayNotDone(context, done)
  if (!flags.verbose && !flags.dryRun) return
  await context.terminal.out(moved.map(({ from, to }) => `mv ${quoteName(from)} ${quoteName(to)}\n`).join(''))
}
