import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { removePaths, type Removed } from '../../worktree/remove.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { readPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'

interface RmFlags {
  recursive?: true
  cached?: true
  force?: true
  dryRun?: true
  ignoreUnmatch?: true
  quiet?: true
  json?: true
}

/** `jzfs rm`: removes files from the index and the working tree. */
export const rm: CommandModule = {
  configure(command, context) {
    command
      .argument('<pathspec...>', 'remove what is there')
      .option('-r, --recursive', 'remove also all that is in a folder that is named')
      .option('--cached', 'remove it from the index, and keep the files')
      .option('-f, --force', 'remove files with local changes, too')
      .option('-n, --dry-run', 'show what would be removed, and remove nothing')
      .option('--ignore-unmatch', 'do not complain where nothing matches')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((texts: string[], flags: RmFlags) =>
        withWorktree(context, async (repository) => {
          if (texts.length === 0)
            throw new InvalidError('usage', 'rm: nothing is named', { hint: 'see `jzfs rm --help`' })
          const progress = createProgressLine(context.terminal, 'removing')
          const removed = await removePaths(repository, readPathspecs(context, repository, texts), {
            command: context.commandLine,
            person: currentPerson(context, repository.config, 'COMMITTER'),
            recursive: flags.recursive === true,
            cached: flags.cached === true,
            force: flags.force === true,
            dryRun: flags.dryRun === true,
            ignoreUnmatch: flags.ignoreUnmatch === true,
            signal: context.signal,
            onProgress: progress.update,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          }).finally(progress.done)
          await report(context, removed, flags)
        }),
      )
  },
}

async function report(context: Context, done: Removed, flags: RmFlags): Promise<void> {
  const { removed, left, failed } = done
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ ...done, failed: failures })
  }
  sayNotDone(context, done)
  if (!flags.quiet) await context.terminal.out(removed.map((path) => `rm ${quoteName(path)}\n`).join(''))
}
