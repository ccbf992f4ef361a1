import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { ByteDuplex } from '../duplex.ts'
import { createDagWalk } from '../walk/dag-walk.ts'
import { orderedBlocks, passHaves, type ReadAhead } from '../walk/walk-source.ts'
import { carStart } from './car-stream.ts'
import { createSectionSender } from './section-sender.ts'

/** What goes into a CAR, and how it is read. */
export interface SendCarOptions extends AbortOptions {
  source: BlockSource
  wants: readonly CID[]
  /** Roots that the other side has with all they reach. */
  haves: readonly CID[]
  /** How many blocks at the start of the order are left out. */
  resume: number
  /** Whether leaves are left out. */
  nodes?: boolean | undefined
  readAhead: ReadAhead
  onSent?: ((sent: { blocks: number; bytes: number }) => void) | undefined
}

/** What was sent. */
export interface SentCar {
  blocks: number
  /** Bytes of the CAR's sections. */
  bytes: number
}

/** How much is read before it is sent, where nothing else is said. */
export const READ_AHEAD: ReadAhead = { blocks: 64, bytes: 8_388_608 }

/**
 * Sends the CAR of what `wants` reach and `haves` do not leave out, in the order of `/jzfs/sync/1`. Memory is bounded by the walk (48
 * bytes for each block that is visited) and `readAhead`. Throws what `source` and `send` throw.
 */
export async function sendCar(send: ByteDuplex['send'], options: SendCarOptions): Promise<SentCar> {
  const { source, wants, haves, resume, nodes = false, readAhead, signal, onSent } = options
  const walk = createDagWalk()
  await passHaves(walk, haves, source, { signal })
  walk.begin(wants, { isStrict: false, role: 'any' })
  await send(carStart(wants))
  const sender = createSectionSender(send)
  const sent = { blocks: 0, bytes: 0 }
  for await (const batch of orderedBlocks(walk, source, { skip: resume, nodes, readAhead, signal })) {
    for (const { cid, bytes } of batch) {
      const sending = sender.send({ cid, bytes: bytes instanceof Uint8Array ? bytes : await bytes })
      if (sending !== undefined) await sending
      sent.blocks++
      sent.bytes = sender.bytes
      onSent?.(sent)
    }
  }
  await sender.flush()
  return sent
}

/** Sends a CAR of just these blocks, in their order and without roots. Throws what `source` and `send` throw. */
export async function sendBlocks(
  send: ByteDuplex['send'],
  source: BlockSource,
  wants: readonly CID[],
  { signal }: AbortOptions,
): Promise<SentCar> {
  await send(carStart([]))
  const sender = createSectionSender(send)
  for (const cid of wants) await sender.send({ cid, bytes: await source.get(cid, { signal }) })
  await sender.flush()
  return { blocks: wants.length, bytes: sender.bytes }
}
