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

/** Which of these refs are published from this home; where nothing was ever published, nothing of the node is loaded. */
export async function publishedRefs(
  context: Context,
  { id }: Pick<Repository, 'id'>,
  names: readonly string[],
): Promise<string[]> {
  if (names.length === 0 || !existsSync(join(homeDirectory(context), 'repositories.json'))) return []
  const { openHomeHere } = await import('./network.ts')
  const repository = openHomeHere(context)
    .repositories.list()
    .find((each) => each.id === id)
  const published = new Set(repository?.heads.map(({ ref }) => ref))
  return names.filter((name) => published.has(name))
}
