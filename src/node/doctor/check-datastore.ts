import { existsSync } from 'node:fs'

import type { Home } from '../home/home.ts'
import { type DoctorFinding, sound, warning } from './finding.ts'

/** Looks whether what libp2p keeps can be opened. Only where no daemon runs: it is opened by one process at a time. */
export async function checkDatastore({ layout }: Home): Promise<DoctorFinding> {
  if (!existsSync(layout.datastore)) return sound('datastore', 'there is none yet')
  const { LevelDatastore } = await import('datastore-level')
  const datastore = new LevelDatastore(layout.datastore, { createIfMissing: false })
  try {
    await datastore.open()
    await datastore.close()
    return sound('datastore', 'it opens')
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return warning(
      'datastore-damaged',
      `what is remembered of other nodes cannot be opened: ${why}`,
      `nothing that matters is in it: the daemon makes it anew, or remove it: ${layout.datastore}`,
    )
  }
}
