import type { CID } from 'multiformats/cid'

import type { JzfsError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import type { IpnsRecord } from './ipns-record.ts'
import type { KnownNames } from './known-names.ts'
import { resolveName, type ResolveNameOptions } from './resolve-name.ts'

/** What somebody asks for: an IPNS name, or a commit (for pins also a tree) by its CID. */
export type RemoteSource = { name: string } | { cid: CID }

/** What it is now. */
export interface RemoteHead {
  cid: CID
  /** The record that says so; undefined for a CID. */
  record: IpnsRecord | undefined
  /** The peers, the one that gave the record first. */
  peers: Peer[]
  /** See `ResolvedName`. */
  refused: JzfsError[]
}

/** Finds out what a source is now. Throws what `resolveName` throws. */
export async function resolveSource(
  source: RemoteSource,
  peers: readonly Peer[],
  names: KnownNames,
  options: ResolveNameOptions,
): Promise<RemoteHead> {
  if ('cid' in source) return { cid: source.cid, record: undefined, peers: [...peers], refused: [] }
  const { record, peer, refused } = await resolveName(source.name, peers, names, options)
  const others = peers.filter((each) => each !== peer)
  // A router only knows records.
  const serving = [peer, ...others].filter(({ openSync, fetchBlock }) => openSync ?? fetchBlock)
  return { cid: record.cid, record, peers: serving, refused }
}

/** How a source is written: `ipns://NAME` or `ipfs://CID`. */
export function sourceText(source: RemoteSource): string {
  return 'name' in source ? `ipns://${source.name}` : `ipfs://${source.cid.toString()}`
}
