import type { AbortOptions } from '../../model/block.ts'
import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import { parseIpnsName } from './ipns-name.ts'
import type { AcceptedRecord, KnownNames } from './known-names.ts'
import { recordFromPeer } from './record-from-peer.ts'
import { olderThanSeen } from './record-judgement.ts'

/** How a name is resolved. */
export interface ResolveNameOptions extends AbortOptions {
  now: Date
  /** Takes a record whose life is over. */
  allowExpired?: boolean | undefined
}

/** A record that was accepted, and from whom. */
export interface ResolvedName extends AcceptedRecord {
  peer: Peer
  /** What other peers gave that was refused or is older, and those that did not answer. */
  refused: JzfsError[]
}

/**
 * Asks peers what a name means, and takes the newest record that can be trusted.
 *
 * Every record is checked and remembered by `names` (the caller holds the home's lock). A peer that is behind, or lies,
 * or is gone, does no harm where another one has a good record. A fork is thrown whatever else was found. Throws
 * NotFoundError `name-not-found` (details: `name`, `peers`) where nobody has a record, else what was wrong with the
 * records: `record-forged`, `record-invalid`, `record-expired`, `record-older-than-seen`, `record-fork`.
 */
export async function resolveName(
  name: string,
  peers: readonly Peer[],
  names: KnownNames,
  options: ResolveNameOptions,
): Promise<ResolvedName> {
  const canonical = parseIpnsName(name)
  const refused: JzfsError[] = []
  const given: { accepted: AcceptedRecord; peer: Peer }[] = []
  let best: (typeof given)[number] | undefined
  // All at once; what they give is judged one by one.
  const answers = await Promise.allSettled(
    peers.map(async (peer) => peer.resolveName(canonical, { signal: options.signal })),
  )
  for (const [at, peer] of peers.entries()) {
    try {
      const answer = answers[at]
      if (answer?.status === 'rejected') throw answer.reason
      const bytes = answer?.value
      if (bytes === undefined) continue
      const accepted = await names.accept(canonical, bytes, { ...options, from: peer.label })
      given.push({ accepted, peer })
      if (best === undefined || accepted.judgement !== 'same') best = { accepted, peer }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof JzfsError)) throw error
      refused.push(recordFromPeer(error, peer.label) as JzfsError)
    }
  }
  const fork = refused.find((error) => error.code === 'record-fork')
  if (fork !== undefined) throw fork
  if (best !== undefined) {
    const told = [...refused, ...behind(best, given)].filter((error) => !isOwnBehind(error, peers))
    return { ...best.accepted, peer: best.peer, refused: told }
  }
  throw refused.find((error) => error.family === 'integrity') ?? refused[0] ?? nameNotFound(canonical, peers)
}

/** Those whose record was good until another one gave a newer one. */
function behind(
  best: { accepted: AcceptedRecord },
  given: readonly { accepted: AcceptedRecord; peer: Peer }[],
): JzfsError[] {
  const { record: newest } = best.accepted
  return given.flatMap(({ accepted: { record }, peer }) =>
    record.sequence < newest.sequence ? [recordFromPeer(olderThanSeen(newest, record), peer.label) as JzfsError] : [],
  )
}

/** What this node had before it was told of something newer is nothing wrong. */
function isOwnBehind({ code, details }: JzfsError, peers: readonly Peer[]): boolean {
  return code === 'record-older-than-seen' && peers.some(({ isOwn, label }) => isOwn && label === details['peer'])
}

function nameNotFound(name: string, peers: readonly Peer[]): NotFoundError {
  const labels = peers.map((peer) => peer.label)
  const asked = labels.length === 0 ? 'there is no peer to ask' : `asked: ${labels.join(', ')}`
  return new NotFoundError('name-not-found', `nobody here knows ipns://${name} (${asked})`, {
    hint: 'connect to a peer that has it (--peer ADDR), and check the name',
    details: { name, peers: labels },
  })
}
