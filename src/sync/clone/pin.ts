import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { checkRefName } from '../../model/ref-name.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { beginPartial, endPartial } from '../../repo/refs/partial-ref.ts'
import type { Repository } from '../../repo/repository.ts'
import type { IpnsRecord } from '../names/ipns-record.ts'
import type { KnownNames } from '../names/known-names.ts'
import { type RemoteSource, resolveSource, sourceText } from '../names/remote-head.ts'
import type { Peer } from '../peer.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { explainNotServed, isWrong } from '../remote/refused-peers.ts'
import { askAudience, type SaidAudience } from './ask-audience.ts'
import { type FetchedFromPeers, fetchFromPeers } from './fetch-from-peers.ts'
import { pinHaves } from './pin-haves.ts'

export interface PinOptions extends AbortOptions {
  /** Where the dataset is kept: a bare repository will do. */
  repository: Repository
  source: RemoteSource
  peers: readonly Peer[]
  names: KnownNames
  /** What stands after `refs/pins/`. */
  pin: string
  /**
   * What a CID may be (default `commit`): `any` takes one version, by its tree's CID, without history. A name may mean
   * anything: a repository's manifest, a commit, a tree.
   */
  wanted?: 'commit' | 'any' | undefined
  allowExpired?: boolean | undefined
  command: string
  person: Person
  now: Date
  idleTimeoutMs?: number | undefined
  /** Told before anything is fetched for whom it is, and whether it is other than what was pinned. */
  onAudience?: ((audience: SaidAudience, isChanged: boolean) => Promise<void>) | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** A dataset that is kept. */
export interface Pin {
  /** The ref, `refs/pins/…`. */
  ref: string
  before: CID | undefined
  cid: CID
  record: IpnsRecord | undefined
  /** Its failures are those of names too: peers that lied, or were behind. */
  fetched: FetchedFromPeers
}

/**
 * Keeps a dataset without a working tree: fetches what is not here, then sets `refs/pins/<pin>`. Pinning a name again
 * fetches what is new. A pin that stops keeps what came, and the same call goes on. Throws what `resolveName` and
 * `fetchFromPeers` throw, InvalidError `ref-name-invalid`, ConflictError `ref-changed` and `locked`.
 */
export async function pinDataset(options: PinOptions): Promise<Pin> {
  const { repository, source, peers, names, pin, command, person } = options
  const wanted = 'name' in source ? 'any' : (options.wanted ?? 'commit')
  const { signal, idleTimeoutMs, onProgress } = options
  const ref = `refs/pins/${pin}`
  checkRefName(ref)
  // Held until the ref is there: what was fetched is not swept in between.
  using _lease = await repository.store.lease({ signal })
  const head = await resolveSource(source, peers, names, options)
  const before = await repository.refs.read(ref)
  const isChanged = before?.equals(head.cid) !== true
  const refused = head.refused.filter(isWrong)
  await options.onAudience?.(await askAudience(head.peers, head.cid, { signal }), isChanged)
  if (!isChanged) {
    const fetched = { blocks: 0, bytes: 0, resumed: 0, peer: head.peers[0]?.label ?? '', failures: refused }
    return { ref, before, cid: before, record: head.record, fetched }
  }
  await beginPartial(repository.layout, head.cid)
  const fetched = await fetchFromPeers({
    wants: [head.cid],
    haves: await pinHaves(repository, before, { signal }),
    wanted,
    peers: head.peers,
    store: repository.store,
    signal,
    idleTimeoutMs,
    onProgress,
  }).catch((error: unknown) => {
    throw explainNotServed(error, refused)
  })
  using lock = await repository.lock(command, { signal })
  // Another process may have brought the same meanwhile.
  if ((await repository.refs.read(ref))?.equals(head.cid) !== true) {
    const message = `pin: from ${sourceText(source)}`
    await runOperation(repository, lock, { command, person, refs: [{ name: ref, before, after: head.cid, message }] })
  }
  await endPartial(repository.layout, head.cid)
  const failures = [...refused, ...fetched.failures]
  return { ref, before, cid: head.cid, record: head.record, fetched: { ...fetched, failures } }
}
