import { existsSync } from 'node:fs'

import { parseIpnsName } from '../../sync/names/ipns-name.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { readOwnName } from '../names/own-names.ts'
import { isKeptPin } from '../publish/kept-pin.ts'
import { pinSetPath } from '../publish/published-files.ts'
import { type Asker, isRepositoryVisible, isVisible } from './visibility.ts'

/**
 * The newest record of a name (`k51…`) that a home answers for: of a branch or tag that it publishes to the asker (default:
 * everybody), of a repository that exists for him, one that it publishes by itself, or one that it follows by a pin
 * which it serves to him. It may have expired: whoever asks sees that. Undefined for any other name, in whatever other form it is.
 */
export async function publishedRecord(
  home: Home,
  name: string,
  asker: Asker = 'everybody',
): Promise<Uint8Array | undefined> {
  // It is part of the names of files.
  if (!isCanonical(name)) return undefined
  const isPublished = home.repositories.list().some((registered) => {
    if (registered.manifest?.name === name) return isRepositoryVisible(registered, asker)
    return publishedRefsOf(registered).some((ref) => ref.name === name && isVisible(ref.audience, asker))
  })
  const isPinned = existsSync(pinSetPath(home.layout, name)) || (asker === 'self' && isKeptPin(home, name))
  const isCarried = isPublished || isPinned || readOwnName(home, name) !== undefined
  if (!isCarried) return undefined
  return (await openKnownNames(home.layout.names).record(name))?.bytes
}

function isCanonical(name: string): boolean {
  try {
    return parseIpnsName(name) === name
  } catch {
    return false
  }
}
