import type { Carriers } from '../../http/open-carriers.ts'
import type { Home } from '../../node/home/home.ts'
import type { RegisteredRepository } from '../../node/home/repository-registry.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Context } from '../context.ts'
import { openCarriersHere } from '../network.ts'
import { giveToRouters } from './give-to-routers.ts'

/**
 * Opens the carriers of records, and asks them what they have of the names that are about to be signed: a home that lost its
 * memory, or is an older backup, learns of it before it signs. Throws what `recallNames` throws.
 */
export async function openRecalled(context: Context, home: Home, names: readonly string[]): Promise<Carriers> {
  const carriers = await openCarriersHere(context, home)
  if (carriers.sources.length === 0 || names.length === 0) return carriers
  const { openHomeNames } = await import('../../node/publish/home-names.ts')
  const { recallNames } = await import('../../sync/names/recall-names.ts')
  const known = openHomeNames(home, { command: context.commandLine })
  const options = { now: context.now(), signal: context.signal }
  await recallNames(names, carriers.sources, known, options)
  return carriers
}

/** Gives the records of a repository to the routers, of what is for everybody. */
export async function giveRepository(
  context: Context,
  home: Home,
  registered: RegisteredRepository,
  { routers }: Carriers,
): Promise<void> {
  if (routers.length === 0) return
  const { publicNamesOf } = await import('../../node/names/announced-names.ts')
  const names = openKnownNames(home.layout.names)
  for (const name of publicNamesOf(registered)) {
    const record = await names.record(name)
    if (record !== undefined) await giveToRouters(context, routers, record)
  }
}
