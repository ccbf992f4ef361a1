import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { ConflictError } from '../../model/errors.ts'
import { walkTree } from '../../model/tree/tree-walk.ts'
import type { Repository } from '../../repo/repository.ts'
import { listPaths } from './would-overwrite.ts'

/** Which names a file system tells apart. */
export interface NameSensitivity {
  caseSensitive: boolean
  normalizationSensitive: boolean
}

/** Paths of a tree that would be one file. */
export type NameCollision = [first: string, second: string]

/**
 * Refuses a tree with names that the file system of the working tree takes for one, listing them: ConflictError
 * `names-collide` (details: `collisions`).
 */
export async function refuseNameCollisions(
  { store, config }: Pick<Repository, 'store' | 'config'>,
  tree: CID,
  options: AbortOptions = {},
): Promise<void> {
  const caseSensitive = config.get('core.caseSensitive')
  const normalizationSensitive = config.get('core.normalizationSensitive')
  const collisions = await findNameCollisions(store, tree, { caseSensitive, normalizationSensitive }, options)
  if (collisions.length === 0) return
  const pairs = collisions.map(([first, second]) => `${first} and ${second}`)
  throw new ConflictError('names-collide', `the file system here takes these for one: ${listPaths(pairs)}`, {
    hint: 'work on a file system that tells them apart, or rename them in a commit made on one',
    details: { collisions },
  })
}

/**
 * Finds the files and folders of a tree whose names are one to a file system. Nothing is read where it tells all apart.
 *
 * Case is compared by Unicode's full mapping, which no file system goes beyond.
 */
export async function findNameCollisions(
  source: BlockSource,
  tree: CID,
  sensitivity: NameSensitivity,
  options: AbortOptions = {},
): Promise<NameCollision[]> {
  const { caseSensitive, normalizationSensitive } = sensitivity
  if (caseSensitive && normalizationSensitive) return []
  const fold = (name: string): string => {
    const folded = caseSensitive ? name : name.toUpperCase().toLowerCase()
    return normalizationSensitive ? folded : folded.normalize('NFC')
  }
  const collisions: NameCollision[] = []
  /** The folders that the walk is in: the path of each, and the names in it, folded. */
  const open: { prefix: string; names: Map<string, string> }[] = [{ prefix: '', names: new Map() }]
  for await (const { path } of walkTree(source, tree, options)) {
    while (!path.startsWith((open.at(-1) as { prefix: string }).prefix)) open.pop()
    for (let folder = open.at(-1); folder !== undefined;) {
      const { prefix, names } = folder
      const slash = path.indexOf('/', prefix.length)
      const name = path.slice(prefix.length, slash === -1 ? undefined : slash)
      const folded = fold(name)
      const other = names.get(folded)
      if (other === undefined) names.set(folded, name)
      else if (other !== name) collisions.push([prefix + other, prefix + name])
      folder = slash === -1 ? undefined : { prefix: path.slice(0, slash + 1), names: new Map() }
      if (folder !== undefined) open.push(folder)
    }
  }
  return collisions
}
