import { existsSync } from 'node:fs'

import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { readOwnName } from '../names/own-names.ts'
import { pinSetPath } from './published-files.ts'

/**
 * The newest record of a name that a home answers for: one that it publishes, or that it follows by a pin. It may have
 * expired: whoever asks sees that. Undefined for any other name.
 */
export async function publishedRecord(home: Home, name: string): Promise<Uint8Array | undefined> {
  const isPublished = home.repositories.list().some(({ heads }) => heads.some((head) => head.name === name))
  const isCarried = isPublished || existsSync(pinSetPath(home.layout, name)) || readOwnName(home, name) !== undefined
  if (!isCarried) return undefined
  return (await openKnownNames(home.layout.names).record(name))?.bytes
}
