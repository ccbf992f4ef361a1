import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block } from '../../model/block.ts'
import { sha256 } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import { resolveName } from '../names/resolve-name.ts'
import type { Peer } from '../peer.ts'
import { askBlocks } from '../protocol/ask-blocks.ts'
import { listRefs } from '../protocol/ask-peer.ts'
import { corruptBlock } from '../protocol/peer-errors.ts'
import { pushTo } from '../push/push-to.ts'
import { firstAnswer, noPeer, type PeerRemoteOptions } from './peer-remote.ts'
import type { Remote, RemoteRefs } from './remote.ts'
import { type KnownManifest, trustRefs } from './trusted-refs.ts'

export interface NamedRemoteOptions extends Omit<PeerRemoteOptions, 'repository' | 'trustedName'> {
  /** The IPNS name (`k51…`) of a repository, or of one branch. */
  name: string
  /** What the branch is called, where the name is that of one branch. */
  branch: string
}

/**
 * What an IPNS name stands for, as a remote: a repository's manifest, or one branch. Every peer is asked for the newest
 * record; a name of one branch cannot be pushed to.
 */
export function createNamedRemote(options: NamedRemoteOptions): Remote {
  const { url, name, branch, names, close = async () => {}, idleTimeoutMs } = options
  let peers = [...options.peers]
  let known: KnownManifest
  const list = async ({ signal }: AbortOptions): Promise<RemoteRefs> => {
    const { record, peer } = await resolveName(name, peers, names, { ...options, signal })
    peers = [peer, ...peers.filter((each) => each !== peer)]
    const cid = record.cid
    if (known === undefined || !known.cid.equals(cid)) {
      const block = await firstAnswer(peers.filter(canServe), (each) => blockFrom(each, cid, { signal }), { signal })
      if (nodeType(cid, block.bytes) !== 'jzfs/manifest/1') return oneBranch(branch, cid, name)
      known = block
    }
    const beside = await besideManifest(peers, name, { signal, idleTimeoutMs })
    const signed = { name, record: record.bytes, manifest: known }
    return trustRefs(peer.label, { repository: '', heads: [], writable: false, ...beside, ...signed }, options)
  }
  return {
    url,
    get peers() {
      return peers.filter(canServe)
    },
    list: (each = {}) => list(each),
    push: async (request, each = {}) => {
      const first = peers.find(({ openSync }) => openSync !== undefined)
      if (first === undefined) throw noPeer()
      return pushTo(first, { ...request, ...each, repository: name })
    },
    close,
  }
}

/** The refs of what is one branch only, or one commit. */
export function oneBranch(branch: string, cid: CID, name: string | undefined): RemoteRefs {
  const ref = `refs/heads/${branch}`
  return { refs: [{ name: ref, cid }], head: ref, name, writable: false }
}

/** A router only knows records. */
function canServe({ openSync, fetchBlock }: Peer): boolean {
  return openSync !== undefined || fetchBlock !== undefined
}

/** One block, however the peer gives it, hashed. */
async function blockFrom(peer: Peer, cid: CID, options: AbortOptions): Promise<Block> {
  try {
    const [block] = await askBlocks(peer, [cid], options)
    if (block !== undefined) return block
  } catch (error) {
    if (!(error instanceof JzfsError) || peer.fetchBlock === undefined) throw error
  }
  if (peer.fetchBlock === undefined) throw noPeer()
  const bytes = await peer.fetchBlock(cid, options)
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw corruptBlock(peer.label, cid)
  return { cid, bytes }
}

/** The heads that only this asker may see, and whether it may push; where the peer is a Kubo, or only a mirror: nothing. */
async function besideManifest(
  peers: readonly Peer[],
  name: string,
  options: AbortOptions & { idleTimeoutMs?: number | undefined },
) {
  const first = peers.find(({ openSync }) => openSync !== undefined)
  if (first === undefined) return {}
  try {
    const { heads, writable, ...listed } = await listRefs(first, { repository: name }, options)
    return listed.name === name ? { heads, writable } : {}
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof UnavailableError || (error instanceof JzfsError && error.family === 'not-found')) return {}
    throw error
  }
}
