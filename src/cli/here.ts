import { InvalidError } from '../model/errors.ts'
import { quoteName } from '../model/quote-name.ts'
import type { ConfigSources } from '../repo/config/config.ts'
import { discoverRepository, type OpenRepositoryOptions, type Repository } from '../repo/repository.ts'
import type { CheckoutReport } from '../worktree/checkout/checkout-trees.ts'
import type { Context } from './context.ts'
import { userConfigFile } from './home.ts'

/** A repository that has a working tree. */
export type WorkingRepository = Repository & { worktree: string }

/** Runs `work` with the repository that the user stands in (or `JZFS_DIR` names), and closes it after. */
export async function withRepository<Result>(
  context: Context,
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const jzfsDir = context.env['JZFS_DIR']
  const where = jzfsDir === undefined || jzfsDir === '' ? {} : { jzfsDir }
  const repository = await discoverRepository(context.cwd, { ...openOptions(context), ...where })
  try {
    return await work(repository)
  } finally {
    await repository.close()
  }
}

/** The same for a command that needs a working tree. InvalidError `no-working-tree` in a bare repository. */
export function withWorktree<Result>(
  context: Context,
  work: (repository: WorkingRepository) => Promise<Result>,
): Promise<Result> {
  return withRepository(context, (repository) => work(requireWorktree(repository)))
}

/** How this program opens any repository: the user's configuration below, and the way to finish interrupted operations. */
export function openOptions(context: Context): OpenRepositoryOptions {
  return {
    config: configSources(context),
    command: context.commandLine,
    oneCommand: true,
    // Loaded only when an operation was interrupted, or rewrites files.
    worktreeStep: async (entry, repository) => {
      const { worktreeStep } = await import('../worktree/checkout/worktree-step.ts')
      sayNotDone(context, await worktreeStep(entry, repository))
    },
    onFinished: ({ command }) => context.terminal.say(`finished what was interrupted: ${command}`),
  }
}

/** Names the files that a command could not, or would not, rewrite. */
export function sayNotDone({ terminal }: Context, { left, failed }: CheckoutReport): void {
  for (const path of left) terminal.say(`left as it is, since it was changed meanwhile: ${quoteName(path)}`)
  for (const { path, error } of failed) terminal.say(`error: ${quoteName(path)}: ${error.message}`)
}

/** The layers of configuration that lie outside of a repository. */
export function configSources(context: Context): Omit<ConfigSources, 'repositoryFile'> {
  const pager = context.env['JZFS_PAGER']
  return { userFile: userConfigFile(context), environment: pager === undefined ? {} : { pager } }
}

/** The repository, where it has a working tree. InvalidError `no-working-tree` in a bare one. */
export function requireWorktree(repository: Repository): WorkingRepository {
  const { worktree } = repository
  if (worktree !== undefined) return { ...repository, worktree }
  throw new InvalidError(
    'no-working-tree',
    `this command needs a working tree, and there is none: ${repository.path}`,
    {
      hint: 'clone the repository to a folder and run it there',
      details: { path: repository.path },
    },
  )
}
