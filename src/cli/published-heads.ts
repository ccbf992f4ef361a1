import { existsSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { Repository } from '../repo/repository.ts'
import type { Context } from './context.ts'
import { homeDirectory } from './home.ts'

/** What the home's records of a repository name: a branch that moved on keeps it until it is published again. */
export async function publishedHeads(context: Context, { id }: Repository): Promise<CID[]> {
  if (!existsSync(homeDirectory(context))) return []
  const { openHomeHere } = await import('./network.ts')
  const { listPublishedHeads } = await import('../node/publish/published-heads.ts')
  return listPublishedHeads(openHomeHere(context), id)
}
