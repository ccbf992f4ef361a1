import { type Audience, publishedRefsOf, type RegisteredRepository } from './repository-registry.ts'

/**
 * Whether repositories name a peer: it may push to one, or something is published to it and not to everybody. To this node
 * any other peer is a stranger, whose key may be of this minute.
 */
export function isPeerNamed(repositories: readonly RegisteredRepository[], peerId: string): boolean {
  const isIn = (audience: Audience | undefined): boolean =>
    audience !== undefined && audience !== 'public' && audience.peers.includes(peerId)
  return repositories.some(
    (registered) =>
      registered.writers?.includes(peerId) === true ||
      isIn(registered.publishesPushed) ||
      publishedRefsOf(registered).some(({ audience }) => isIn(audience)),
  )
}
