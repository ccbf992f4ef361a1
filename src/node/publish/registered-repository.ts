import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import type { PublishedHead, RegisteredRepository } from '../home/repository-registry.ts'

/**
 * A repository as the registry has it, by its id. What the heads of an old registry name is taken from their records.
 * Undefined where it is not there.
 */
export async function registeredRepository(home: Home, id: string): Promise<RegisteredRepository | undefined> {
  const found = home.repositories.list().find((each) => each.id === id)
  if (found === undefined || found.heads.every(({ cid }) => cid !== undefined)) return found
  const names = openKnownNames(home.layout.names)
  const heads: PublishedHead[] = []
  for (const head of found.heads) {
    const cid = head.cid ?? (await names.record(head.name))?.cid.toString()
    heads.push(cid === undefined ? head : { ...head, cid })
  }
  return { ...found, heads }
}
