import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { isAhead, ownNameAhead } from '../../sync/names/own-record.ts'
import { recallNames } from '../../sync/names/recall-names.ts'
import type { RecordSource } from '../../sync/names/record-carrier.ts'
import type { Home } from '../home/home.ts'
import { openHomeNames } from '../publish/home-names.ts'
import { signingKeys } from '../publish/sign-again.ts'

export interface LookOptions extends AbortOptions {
  command: string
  now: Date
  /** Who is asked. */
  sources: readonly RecordSource[]
  /** Told of each name that went on elsewhere (`own-name-ahead`), or has a fork. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/**
 * Asks others what they have of all names that this home signs, and says where one went on without us: so that what is signed
 * later, also by a push, is not signed over it unseen. Throws ConflictError `locked`.
 */
export async function lookForNewer(
  home: Home,
  { command, now, signal, sources, onProblem }: LookOptions,
): Promise<void> {
  const names = openHomeNames(home, { command })
  const before = new Map<string, bigint | undefined>()
  const all = signingKeys(home).map(({ name }) => name)
  for (const name of all) before.set(name, (await names.seen(name))?.sequence)
  try {
    await recallNames(all, sources, names, { now, signal })
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code === 'locked') throw error
    onProblem?.(error)
  }
  for (const name of all) {
    const seen = await names.seen(name)
    if (seen !== undefined && seen.sequence !== before.get(name) && isAhead(seen)) onProblem?.(ownNameAhead(name, seen))
  }
}
