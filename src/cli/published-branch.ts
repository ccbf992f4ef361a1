import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { Repository } from '../repo/repository.ts'
import type { Context } from './context.ts'
import { homeDirectory } from './home.ts'
import { describeRef } from './undo/describe-change.ts'

/** Lets the publication of a branch follow its new name; where nothing was ever published, nothing of the node is loaded. */
export async function followRenamedBranch(
  context: Context,
  repository: Repository,
  rename: { before: string; after: string },
): Promise<void> {
  if (!existsSync(join(homeDirectory(context), 'repositories.json'))) return
  const { openHomeHere } = await import('./network.ts')
  const { renamePublished } = await import('../node/publish/rename-published.ts')
  const options = { command: context.commandLine, now: context.now(), signal: context.signal }
  await renamePublished(openHomeHere(context), { repository, ...rename }, options)
}

/** Ends the publication of refs that were deleted, and says so; where nothing was ever published, nothing is loaded. */
export async function unpublishDeleted(
  context: Context,
  repository: Repository,
  deleted: readonly string[],
): Promise<void> {
  const refs = await publishedRefs(context, repository, deleted)
  if (refs.length === 0) return
  const { openHomeHere } = await import('./network.ts')
  const { unpublishRefs } = await import('../node/publish/unpublish.ts')
  const options = { command: context.commandLine, now: context.now(), signal: context.signal }
  await unpublishRefs(openHomeHere(context), { repositoryId: repository.id, refs }, options)
  for (const ref of refs) context.terminal.say(`no longer published: ${describeRef(ref)}`)
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
  const { publishedRefsOf } = await import('../node/home/repository-registry.ts')
  const published = new Set(repository && publishedRefsOf(repository).map(({ ref }) => ref))
  return names.filter((name) => published.has(name))
}
