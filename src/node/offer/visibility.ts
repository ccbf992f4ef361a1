import { type Audience, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'

/** Who asks: everybody, a peer whose id is proven, or this node itself. */
export type Asker = 'everybody' | { peerId: string } | 'self'

/** Whether somebody belongs to an audience. The node itself belongs to each. */
export function isVisible(audience: Audience, asker: Asker): boolean {
  if (audience === 'public' || asker === 'self') return true
  return asker !== 'everybody' && audience.peers.includes(asker.peerId)
}

/** Whether somebody may push to a repository: it is in its list of writers, or is this node itself. */
export function mayPush({ writers = [] }: RegisteredRepository, asker: Asker): boolean {
  return asker === 'self' || (asker !== 'everybody' && writers.includes(asker.peerId))
}

/**
 * Whether a repository exists for somebody: something of it is published to him, or will be when it is pushed, or he may
 * push.
 */
export function isRepositoryVisible(registered: RegisteredRepository, asker: Asker): boolean {
  const { publishesPushed } = registered
  if (mayPush(registered, asker) || (publishesPushed !== undefined && isVisible(publishesPushed, asker))) return true
  return publishedRefsOf(registered).some(({ audience }) => isVisible(audience, asker))
}
