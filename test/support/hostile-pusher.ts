import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../src/model/block.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import type { ServedSync } from '../../src/sync/protocol/exchange.ts'
import { encodePush } from '../../src/sync/protocol/messages/push-message.ts'
import type { RefUpdate } from '../../src/sync/protocol/offer.ts'
import { READ_AHEAD, sendCar } from '../../src/sync/protocol/send-car.ts'
import { serveSync, type ServeSyncOptions } from '../../src/sync/protocol/serve-sync.ts'
import { lengthPrefixed } from './hostile-peer.ts'
import { offerRepository } from './push.ts'

/** What an honest pusher sends, taken apart. */
export interface SentPush {
  /** The request and the CAR's header. */
  start: Uint8Array
  /** The CAR's sections, each with its length before it. */
  sections: Uint8Array[]
}

/** What is sent to set a branch to a commit, where `haves` are there already. */
export async function honestPush(
  source: BlockSource,
  update: RefUpdate & { after: CID },
  haves: CID[] = [],
): Promise<SentPush> {
  const pieces: Uint8Array[] = [encodePush({ updates: [update], haves, resume: 0 })]
  const send = async (bytes: Uint8Array) => void pieces.push(new Uint8Array(bytes))
  await sendCar(send, { source, wants: [update.after], haves, resume: 0, readAhead: READ_AHEAD })
  const parts = [...lengthPrefixed(Buffer.concat(pieces))]
  return { start: Buffer.concat(parts.slice(0, 2)), sections: parts.slice(2) }
}

/** How a receiver fared. */
export interface PushOutcome {
  /** The code of what it threw, or of its refusal; undefined where it took the push. */
  code: string | undefined
  /** What it answered, as text. */
  answer: string
  served: ServedSync | undefined
}

/** Sends these bytes to a repository as a push, whatever they are. Without `ends` nothing follows, not even the end. */
export async function pushBytes(
  repository: Repository,
  sent: Uint8Array[],
  { ends = true, ...options }: { ends?: boolean } & Partial<ServeSyncOptions> = {},
): Promise<PushOutcome> {
  const [here, there] = createDuplexPair()
  const serving = serveSync(there, offerRepository(repository), { label: 'pusher Y', ...options })
  const answering = Array.fromAsync(here.source).catch(() => [])
  const sending = (async () => {
    for (const piece of sent) await here.send(piece)
    if (ends) await here.closeWrite()
  })().catch(() => undefined)
  const outcome = await serving.then(
    (served) => ({ served, code: served.refused }),
    (error: unknown) => ({ served: undefined, code: (error as { code?: string }).code ?? String(error) }),
  )
  here.abort(new Error('the test is over'))
  await sending
  return { ...outcome, answer: Buffer.concat(await answering).toString() }
}
