import type { ByteDuplex } from '../sync/duplex.ts'
import { type Offer, repositoryUnknown } from '../sync/protocol/offer.ts'
import { serveSync } from '../sync/protocol/serve-sync.ts'
import type { Activity, Carrier } from './metrics/activity.ts'
import type { PeerLimits } from './network/peer-limits.ts'
import { createStreamQuota } from './network/stream-quota.ts'
import type { Asker } from './offer/visibility.ts'

/** Who asks on a stream, and by what it came. */
export interface AskedBy {
  asker: Asker
  /** A peer id where that is proven, else an address: what limits and the log count it by. */
  label: string
  carrier: Carrier
  /** The IP address that the stream comes from, where it is known. */
  host?: string | undefined
  /** The repository that the stream is about, where the carrier says so. */
  repository?: string | undefined
  /** Aborts when the asker hangs up: nothing more is read for it then. */
  signal?: AbortSignal | undefined
}

/** Answers one stream of `/jzfs/sync/1`, within the limits of its peer; what goes wrong is in the log. */
export type ServeExchange = (stream: ByteDuplex, by: AskedBy) => Promise<void>

/** Packs are read at once: what is read before it is needed would only take memory. */
const READ_AHEAD = { blocks: 4, bytes: 1_048_576 }

/** Serves streams, whatever carries them, of what `offerTo` offers to each asker. */
export function createExchanges(
  limits: PeerLimits,
  activity: Activity,
  offerTo: (asker: Asker) => Offer,
): ServeExchange {
  const quota = createStreamQuota(limits)
  const { idleTimeoutMs, maxPushBytes } = limits
  return (stream, { asker, label, carrier, host, repository, signal: hungUp }) =>
    activity.exchange(label, carrier, () =>
      quota.run(
        label,
        stream,
        (duplex, signal) =>
          serveSync(duplex, within(offerTo(asker), repository), {
            label,
            readAhead: READ_AHEAD,
            idleTimeoutMs,
            maxPushBytes,
            signal,
          }),
        { host, signal: hungUp },
      ),
    )
}

/** The offer of one repository: where a message names one too, it is the same. */
function within(offer: Offer, repository: string | undefined): Offer {
  if (repository === undefined) return offer
  return {
    ...offer,
    openRepository: async (name) => {
      if (name !== undefined && name !== repository) throw repositoryUnknown(name)
      return offer.openRepository(repository)
    },
  }
}
