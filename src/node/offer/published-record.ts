import { existsSync } from 'node:fs'

import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { readOwnName } from '../names/own-names.ts'
import { pinSetPath } from '../publish/published-files.ts'
import { type Asker, isRepositoryVisible } from './visibility.ts'

/**
 * The newest record of a name that a home answers for: of a branch that it publishes, of a repository that exists for the
 * asker (default: everybody), one that it publishes by itself,
 * or one that it follows by a pin. It may have expired: whoever asks sees that. Undefined for
 * any other name.
 */
export async function publishedRecord(
  home: Home,
  name: string,
  asker: Asker = 'everybody',
): Promise<Uint8Array | undefined> {
  const isPublished = home.repositories.list().some((registered) => {
    if (registered.manifest?.name === name) return isRepositoryVisible(registered, asker)
    return publishedRefsOf(registered).some((ref) => ref.name === name)
  })
  const isCarried = isPublished || existsSync(pinSetPath(home.layout, name)) || readOwnName(home, name) !== undefined
  if (!isCarried) return undefined
  return (await openKnownNames(home.layout.names).record(name))?.bytes
}
