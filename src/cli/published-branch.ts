import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { Repository } from '../repo/repository.ts'
import type { Context } from './context.ts'
import { homeDirectory } from './home.ts'

/** Lets the publication of a branch follow its new name; where nothing was ever published, nothing of the node is loaded. */
export async function followRenamedBranch(
  context: Context,
  { id }: Pick<Repository, 'id'>,
  rename: { before: string; after: string },
): Promise<void> {
  if (!existsSync(join(homeDirectory(context), 'repositories.json'))) return
  const { openHomeHere } = await import('./network.ts')
  const { renamePublished } = await import('../node/publish/rename-published.ts')
  const options = { command: context.commandLine, signal: context.signal }
  await renamePublished(openHomeHere(context), { repositoryId: id, ...rename }, options)
}
