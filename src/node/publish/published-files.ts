import { createHash } from 'node:crypto'
import { join } from 'node:path'

import type { HomeLayout } from '../home/home-layout.ts'
import type { Audience } from '../home/repository-registry.ts'

const PIN = 'pin-'
const KEPT_PIN = 'kept-'
const REPOSITORY = 'repository-'
const SET = '.set'
const MANIFEST = '.manifest'

/** The digest set of all heads of a repository that have one audience. */
export function headsSetPath(layout: HomeLayout, repositoryId: string, audience: Audience): string {
  return join(layout.published, `${REPOSITORY}${encodeURIComponent(repositoryId)}-${audienceKey(audience)}${SET}`)
}

/** Tells audiences apart, whatever the order of their peers. */
export function audienceKey(audience: Audience): string {
  if (audience === 'public') return audience
  const peers = [...new Set(audience.peers)].sort()
  return createHash('sha256').update(peers.join('\n')).digest('hex').slice(0, 32)
}

/** The digest set of a pin; its label is a CID or an IPNS name. */
export function pinSetPath(layout: HomeLayout, label: string): string {
  return join(layout.published, `${PIN}${label}${SET}`)
}

/** The digest set of a pin that is kept for this node only: it is for some, and not ours to give on. */
export function keptPinSetPath(layout: HomeLayout, label: string): string {
  return join(layout.published, `${KEPT_PIN}${label}${SET}`)
}

/** The pin whose digest set a file in the folder `published` is, undefined for other files. */
export function pinOfSetFile(file: string): { label: string; isServed: boolean } | undefined {
  const prefix = [PIN, KEPT_PIN].find((each) => file.startsWith(each))
  if (prefix === undefined || !file.endsWith(SET)) return undefined
  return { label: file.slice(prefix.length, -SET.length), isServed: prefix === PIN }
}

/**
 * The manifest block that an IPNS name means, or meant or is about to mean: the record says which. So a record never
 * names a block that is not there, whenever a publication is interrupted.
 */
export function manifestPath(layout: HomeLayout, name: string, cid: string): string {
  return join(layout.published, `${name}.${cid}${MANIFEST}`)
}

/** Whose manifest a file in the folder `published` is, undefined for other files. */
export function manifestOfFile(file: string): { name: string; cid: string } | undefined {
  const [, name, cid] = /^(k[0-9a-z]+)\.([0-9a-z]+)\.manifest$/.exec(file) ?? []
  return name === undefined || cid === undefined ? undefined : { name, cid }
}
