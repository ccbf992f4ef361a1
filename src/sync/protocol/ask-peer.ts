import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { cidOf, DAG_JSON } from '../../model/cid.ts'
import { UnavailableError } from '../../model/errors.ts'
import type { ByteDuplex } from '../duplex.ts'
import type { Peer } from '../peer.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { encodeKnownRequest, readKnownAnswer } from './messages/known-message.ts'
import { encodeRecordsRequest, readRecordsAnswer } from './messages/records-message.ts'
import { encodeRefsRequest, readRefsAnswer, type RefsAnswer, type RefsRequest } from './messages/refs-message.ts'
import { explainRefusal } from './messages/refusal.ts'
import { explainWireProblem, malformed } from './peer-errors.ts'
import { IDLE_TIMEOUT_MS, MAX_ASKED_NAMES, MAX_HAVES } from './sync-limits.ts'
import { timedSend } from './timed-send.ts'
import { WireProblem } from './wire-problem.ts'

/** What a question needs of a peer. */
export type AskedPeer = Pick<Peer, 'label' | 'openSync'>

/** How long to wait for a peer. */
export interface AskOptions extends AbortOptions {
  /** How long the peer may take for its answer (default IDLE_TIMEOUT_MS). */
  idleTimeoutMs?: number | undefined
}

/** A repository's refs as a peer tells them. Nothing of it is verified but that `cid` names the bytes of the manifest. */
export interface ListedRefs extends Omit<RefsAnswer, 'manifest'> {
  /** Undefined where it is the one that the asker knows. */
  manifest: { cid: CID; bytes: Uint8Array } | undefined
}

/**
 * Asks a peer for the refs of a repository, in one round trip. Throws NotFoundError `repository-unknown`, UnavailableError
 * `peer-unsuitable` where it does not speak `/jzfs/sync/1`, `peer-refused`, `peer-closed-early`, `peer-too-slow`,
 * IntegrityError `peer-sent-malformed` (details: `peer`), what `openSync` throws, and the signal's reason.
 */
export async function listRefs(peer: Peer, request: RefsRequest, options: AskOptions = {}): Promise<ListedRefs> {
  const answer = await askPeer(peer, encodeRefsRequest(request), readRefsAnswer, options)
  const { manifest: bytes, ...listed } = answer
  if (bytes === undefined) {
    if (request.known === undefined) throw malformed(peer.label, 'it sends no manifest')
    return { ...listed, manifest: undefined }
  }
  return { ...listed, manifest: { cid: cidOf(DAG_JSON, bytes), bytes } }
}

/**
 * Asks a peer which of up to 4096 commits it has for this asker, with all they reach. Throws as `listRefs`, without
 * `repository-unknown`.
 */
export async function askKnown(peer: Peer, commits: readonly CID[], options: AskOptions = {}): Promise<CID[]> {
  if (commits.length > MAX_HAVES) throw new TypeError(`${commits.length} commits are more than ${MAX_HAVES}`)
  const known = await askPeer(peer, encodeKnownRequest(commits), readKnownAnswer, options)
  const asked = new Set(commits.map(String))
  if (known.some((cid) => !asked.has(cid.toString()))) throw malformed(peer.label, 'it answers another request')
  return known
}

/**
 * Asks a peer for the newest records of up to 256 names (`k51…`): those that it has for this asker, by name. Nothing of them is
 * verified. Throws as `askKnown`.
 */
export async function askRecords(
  peer: AskedPeer,
  names: readonly string[],
  options: AskOptions = {},
): Promise<Map<string, Uint8Array>> {
  if (names.length > MAX_ASKED_NAMES) throw new TypeError(`${names.length} names are more than ${MAX_ASKED_NAMES}`)
  const sent = await askPeer(peer, encodeRecordsRequest(names), readRecordsAnswer, options)
  const asked = new Set(names)
  if (sent.some(({ name }) => !asked.has(name))) throw malformed(peer.label, 'it answers another request')
  return new Map(sent.map(({ name, record }) => [name, record]))
}

/** Sends a request that fits into one header, and reads the answer, which does too. Throws as `listRefs`. */
export async function askPeer<T>(
  peer: AskedPeer,
  request: Uint8Array,
  read: (reader: ByteReader) => Promise<T>,
  { signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: AskOptions,
): Promise<T> {
  const { label } = peer
  const duplex = await openSyncStream(peer, { signal })
  try {
    await timedSend(duplex, { label, idleTimeoutMs, signal })(request)
    await duplex.closeWrite()
    const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
    const answer = await read(reader)
    if (await reader.fill(1)) throw new WireProblem('something follows the answer')
    return answer
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the question failed'))
    throw explainRefusal(explainWireProblem(error, label), label)
  }
}

/** Opens a stream to a peer. UnavailableError `peer-unsuitable` (details: `peer`) where it does not speak ours. */
export async function openSyncStream(peer: AskedPeer, options: AbortOptions): Promise<ByteDuplex> {
  const duplex = await peer.openSync?.(options)
  if (duplex !== undefined) return duplex
  throw new UnavailableError('peer-unsuitable', `${peer.label} does not speak /jzfs/sync/1`, {
    hint: 'use another peer',
    details: { peer: peer.label },
  })
}
