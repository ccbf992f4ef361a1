import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { cleanWorktree, type Cleaned, type CleanOptions, type OtherPath } from '../../worktree/clean/clean.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { readPathspecs } from '../pathspecs.ts'
import { createProgressLine, formatBytes } from '../progress.ts'
import { directoryInTree } from '../revisions.ts'

interface CleanFlags {
  dryRun?: true
  force?: number
  directories?: true
  tooIgnored?: true
  onlyIgnored?: true
  exclude?: string[]
  quiet?: true
  json?: true
}

/** `jzfs clean`: removes what is not tracked. */
export const clean: CommandModule = {
  configure(command, context) {
    command
      .argument('[pathspec...]', 'remove only what is there, folders included (default: from where you stand)')
      .option('-n, --dry-run', 'show what would be removed, and remove nothing')
      .option('-f, --force', 'remove files; -ff removes also what undo cannot bring back', count, 0)
      .option('-d, --directories', 'remove also folders of which nothing is tracked')
      .option('-x, --too-ignored', 'remove also what .jzfsignore lists')
      .option('-X, --only-ignored', 'remove only what .jzfsignore lists')
      .option('-e, --exclude <pattern>', 'take what matches for ignored, too', collect)
      .option('-q, --quiet', 'name only what is not removed')
      .option('--json', 'print one JSON document')
      .addHelpText('after', HELP)
      .action((texts: string[], flags: CleanFlags) =>
        withWorktree(context, async (repository) => {
          const options = readOptions(context, repository, texts, flags)
          const progress = createProgressLine(context.terminal, 'removing')
          const cleaned = await cleanWorktree(repository, { ...options, onProgress: progress.update }).finally(
            progress.done,
          )
          await report(context, repository, cleaned, flags)
        }),
      )
  },
}

const HELP = `
What is removed is kept, and \`jzfs undo\` brings it back. What cannot be kept
stays without -ff: repositories and special files. More than undo.maxSize is
refused without -ff, and nothing of it is kept then.`

function count(_value: unknown, before: number): number {
  return before + 1
}

function readOptions(
  context: Context,
  repository: WorkingRepository,
  texts: readonly string[],
  flags: CleanFlags,
): CleanOptions {
  const force = flags.force ?? 0
  if (force === 0 && !flags.dryRun && repository.config.get('clean.requireForce')) {
    throw new InvalidError('force-required', 'neither -n nor -f is given, and clean removes files', {
      hint: 'look with -n, then use -f; or set clean.requireForce to false',
    })
  }
  if (flags.tooIgnored && flags.onlyIgnored) {
    throw new InvalidError('usage', 'clean: -x and -X exclude each other', { hint: 'see `jzfs clean --help`' })
  }
  const isHere = texts.length === 0 && realpathSync(context.cwd) !== repository.worktree
  return {
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    pathspecs: readPathspecs(context, repository, isHere ? ['.'] : texts),
    directories: flags.directories === true || texts.length > 0,
    ignored: flags.tooIgnored ? 'too' : flags.onlyIgnored ? 'only' : 'keep',
    exclude: flags.exclude ?? [],
    standing: directoryInTree(context, repository),
    force: force > 1,
    dryRun: flags.dryRun === true,
    signal: context.signal,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }
}

async function report(
  context: Context,
  repository: WorkingRepository,
  cleaned: Cleaned,
  flags: CleanFlags,
): Promise<void> {
  const { removed, skipped, forGood, files, sizeBytes, isKept, left, failed } = cleaned
  const { terminal } = context
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    const counts = { files, size: sizeBytes, kept: isKept }
    return terminal.json({
      dryRun: flags.dryRun === true,
      removed,
      ...counts,
      forGood,
      skipped,
      left,
      failed: failures,
    })
  }
  sayNotDone(context, cleaned)
  const shown = shownFrom(context, repository)
  const [removing, skipping] = flags.dryRun ? ['Would remove', 'Would skip'] : ['Removing', 'Skipping']
  for (const { path, reason } of skipped)
    terminal.say(`${skipping} ${WHAT[reason]} ${shown(path)} (-ff removes it for good)`)
  if (!flags.quiet || flags.dryRun) {
    await terminal.out(removed.map((path) => `${removing} ${shown(path)}\n`).join(''))
  }
  for (const { path } of forGood) terminal.say(`note: undo does not bring back ${shown(path)}`)
  if (!isKept)
    terminal.say(
      `note: these are ${formatBytes(sizeBytes)}, too much to be kept (undo.maxSize): undo does not bring them back`,
    )
}

const WHAT: Record<OtherPath['reason'], string> = {
  'nested-repository': 'repository',
  'special-file': 'special file',
  'name-not-utf8': 'name that is not UTF-8',
  'name-reserved': 'reserved name',
}

/** Shows a path from where the user stands. */
function shownFrom(context: Context, { worktree }: WorkingRepository): (path: string) => string {
  const cwd = realpathSync(context.cwd)
  if (cwd === worktree) return quoteName
  return (path) => quoteName(`${relative(cwd, join(worktree, path)) || '.'}${path.endsWith('/') ? '/' : ''}`)
}
