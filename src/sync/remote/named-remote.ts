import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block } from '../../model/block.ts'
import { DAG_JSON, sha256 } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import { resolveName } from '../names/resolve-name.ts'
import type { Peer } from '../peer.ts'
import { askBlocks } from '../protocol/ask-blocks.ts'
import { type AskOptions, type ListedRefs, listRefs } from '../protocol/ask-peer.ts'
import { withIdleTimeout } from '../protocol/idle-timeout.ts'
import { corruptBlock, tooSlow } from '../protocol/peer-errors.ts'
import { IDLE_TIMEOUT_MS } from '../protocol/sync-limits.ts'
import { pushTo } from '../push/push-to.ts'
import { firstAnswer, noPeer, type PeerRemoteOptions } from './peer-remote.ts'
import { isBehind, isWrong, onceEach } from './refused-peers.ts'
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
 * record, and the first that knows the repository itself is who is pushed to; a name of one branch cannot be pushed to.
 */
export function createNamedRemote(options: NamedRemoteOptions): Remote {
  const { url, name, branch, names, close = async () => {}, idleTimeoutMs } = options
  let peers = [...options.peers]
  let known: KnownManifest
  const list = async ({ signal }: AbortOptions): Promise<RemoteRefs> => {
    const { record, peer, refused } = await resolveName(name, peers, names, { ...options, signal })
    const failures = [...refused]
    const asked = { signal, idleTimeoutMs, failures }
    const telling = (refs: RemoteRefs): RemoteRefs => ({ ...refs, refused: onceEach(failures.filter(isWrong)) })
    peers = [peer, ...peers.filter((each) => each !== peer)]
    const cid = record.cid
    if (known === undefined || !known.cid.equals(cid)) {
      const block = await blockOf(peers.filter(canServe), cid, asked)
      if (block === undefined || nodeType(cid, block.bytes) !== 'jzfs/manifest/1') {
        return telling({ ...oneBranch(branch, cid, name), sequence: record.sequence })
      }
      known = block
    }
    const plain = { repository: '', name, record: record.bytes, manifest: known, heads: [], writable: false }
    const knowing = await askBeside(peers, name, asked, ({ label }, beside) =>
      trustRefs(label, { ...plain, ...beside }, options),
    )
    if (knowing === undefined) return telling(await trustRefs(peer.label, plain, options))
    peers = [knowing.peer, ...peers.filter((each) => each !== knowing.peer)]
    return telling(knowing.refs)
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
  return { refs: [{ name: ref, cid }], head: ref, name, writable: false, isOneBranch: true }
}

/** A router only knows records. */
function canServe({ openSync, fetchBlock }: Peer): boolean {
  return openSync !== undefined || fetchBlock !== undefined
}

/** How peers are asked, and where it is put what was wrong with some of them. */
type Asking = AskOptions & { failures: JzfsError[] }

/**
 * What the name stands for; undefined where nobody gives it alone: a transfer of it will say why. Where peers that are asked are
 * behind, and nobody has what is newest, that is why.
 */
async function blockOf(peers: readonly Peer[], cid: CID, asking: Asking): Promise<Block | undefined> {
  if (cid.code !== DAG_JSON) return undefined
  const failures: JzfsError[] = []
  const behind = asking.failures.find(isBehind)
  try {
    return await firstAnswer(peers, (peer) => blockFrom(peer, cid, asking), { ...asking, failures })
  } catch (error) {
    asking.signal?.throwIfAborted()
    if (behind !== undefined && failures.every(({ code }) => code === 'peer-refused')) throw behind
    const isRefused = error instanceof JzfsError && (error.family === 'integrity' || error.code === 'peer-refused')
    if (isRefused) return undefined
    throw error
  } finally {
    asking.failures.push(...failures)
  }
}

/** One block, however the peer gives it, hashed. */
async function blockFrom(peer: Peer, cid: CID, options: AskOptions): Promise<Block> {
  try {
    const [block] = await askBlocks(peer, [cid], options)
    if (block !== undefined) return block
  } catch (error) {
    const speaksOurs = !(error instanceof JzfsError) || error.code !== 'peer-unsuitable'
    if (speaksOurs || peer.fetchBlock === undefined) throw error
  }
  if (peer.fetchBlock === undefined) throw noPeer()
  const { idleTimeoutMs = IDLE_TIMEOUT_MS, signal } = options
  const onTimeout = (): Error => tooSlow(peer.label, idleTimeoutMs)
  const bytes = await withIdleTimeout(peer.fetchBlock(cid, { signal }), { idleTimeoutMs, onTimeout, signal })
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw corruptBlock(peer.label, cid)
  return { cid, bytes }
}

/** How many peers are asked what they know of the repository beside its manifest. */
const MAX_ASKED = 8

/** What one peer says beside the manifest: heads that only this asker may see, and whether it may push. */
type Beside = Pick<ListedRefs, 'heads' | 'writable'>

/**
 * The first peer that knows the repository, and what of it can be trusted; undefined where nobody does: a Kubo and a mirror only
 * have its blocks. One that lies is passed over; where all lie, what was wrong with the first is thrown.
 */
async function askBeside(
  peers: readonly Peer[],
  name: string,
  options: Asking,
  trust: (peer: Peer, beside: Beside) => Promise<RemoteRefs>,
): Promise<{ peer: Peer; refs: RemoteRefs } | undefined> {
  const asked = peers.filter(({ openSync }) => openSync !== undefined).slice(0, MAX_ASKED)
  const answers = await Promise.allSettled(asked.map((peer) => besideManifest(peer, name, options)))
  const lies: JzfsError[] = []
  for (const [at, peer] of asked.entries()) {
    try {
      const answer = answers[at]!
      if (answer.status === 'rejected') throw answer.reason
      if (answer.value !== undefined) return { peer, refs: await trust(peer, answer.value) }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof JzfsError)) throw error
      lies.push(error)
      options.failures.push(error)
    }
  }
  if (lies.length > 0 && lies.length === asked.length) throw lies[0]!
  return undefined
}

async function besideManifest(peer: Peer, name: string, options: AskOptions): Promise<Beside | undefined> {
  try {
    const { heads, writable, ...listed } = await listRefs(peer, { repository: name }, options)
    return listed.name === name ? { heads, writable } : undefined
  } catch (error) {
    if (error instanceof UnavailableError || (error instanceof JzfsError && error.family === 'not-found'))
      return undefined
    throw error
  }
}
