import { InvalidError, JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { addPaths, type AddOptions, type AddResult } from '../../worktree/add/add.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { readPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'
import { saySkipped } from '../say-skipped.ts'

interface AddFlags {
  all?: true
  update?: true
  force?: true
  dryRun?: true
  ignoreErrors?: true
  verbose?: true
  json?: true
}

/** `jzfs add`: stages files for the next commit. */
export const add: CommandModule = {
  configure(command, context) {
    command
      .argument('[pathspec...]', 'stage what is there')
      .option('-A, --all', 'stage the whole working tree, removals too')
      .option('-u, --update', 'stage only files that are tracked already')
      .option('-f, --force', 'stage ignored files as well, and conflicts that are still marked')
      .option('-n, --dry-run', 'show what would be staged, and stage nothing')
      .option('--ignore-errors', 'stage the rest where some files cannot be staged')
      .option('-v, --verbose', 'name what is staged')
      .option('--json', 'print one JSON document')
      .action((pathspecs: string[], flags: AddFlags) =>
        withWorktree(context, async (repository) => {
          if (pathspecs.length === 0 && !flags.all && !flags.update) throw nothingNamed()
          const result = await stage(context, repository, pathspecs, flags)
          await report(context, result, flags)
        }),
      )
  },
}

async function stage(
  context: Context,
  repository: WorkingRepository,
  pathspecs: string[],
  flags: AddFlags,
): Promise<AddResult> {
  const { terminal, signal } = context
  const progress = createProgressLine(terminal, 'adding')
  const options: AddOptions = {
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    update: flags.update === true,
    force: flags.force === true,
    dryRun: flags.dryRun === true,
    ignoreErrors: flags.ignoreErrors === true,
    signal,
    onProgress: progress.update,
    onRebuilt: (error) => terminal.say(`warning: ${error.message}`),
  }
  try {
    return await addPaths(repository, readPathspecs(context, repository, pathspecs), options)
  } catch (error) {
    if (error instanceof JzfsError && error.code === 'add-incomplete') sayErrors(context, error.details['errors'])
    throw error
  } finally {
    progress.done()
  }
}

function sayErrors(context: Context, errors: unknown): void {
  for (const error of errors as JzfsError[]) context.terminal.say(`error: ${error.message}`)
}

async function report(context: Context, result: AddResult, flags: AddFlags): Promise<void> {
  const { terminal } = context
  const { added, removed, errors, skippedGit, skippedSpecial, kept } = result
  sayErrors(context, errors)
  for (const path of kept) terminal.say(`kept, since it was changed: ${quoteName(path)}`)
  saySkipped(terminal, result)
  if (errors.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = errors.map(({ code, message, details }) => ({ code, message, ...details }))
    return terminal.json({ added, removed, errors: failures, skippedGit, skippedSpecial, kept })
  }
  if (!flags.dryRun && !flags.verbose) return
  const lines = [
    ...added.map((path) => `add ${quoteName(path)}\n`),
    ...removed.map((path) => `remove ${quoteName(path)}\n`),
  ]
  await terminal.out(lines.join(''))
}

function nothingNamed(): InvalidError {
  return new InvalidError('usage', 'nothing is named, so nothing is added', {
    hint: 'stage all of it with `jzfs add .`',
  })
}
