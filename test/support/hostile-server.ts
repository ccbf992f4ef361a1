import { onTestFinished } from 'vitest'

import type { BlockSource } from '../../src/model/block.ts'
import { generateEd25519Key } from '../../src/node/home/ed25519-key.ts'
import type { ByteDuplex } from '../../src/sync/duplex.ts'
import { createRecord, type NewRecord } from '../../src/sync/names/ipns-record.ts'
import { serveSync } from '../../src/sync/protocol/serve-sync.ts'
import { startTestNode } from './network.ts'
import { offerAll } from './offer.ts'

/** What a serving node says, whether it is true or not. It may be changed while it runs. */
export interface Script {
  /** The record that is given for any name. */
  record?: Uint8Array
  /** What is sent on a stream of `/jzfs/sync/1`, whatever is asked. */
  sync?: (duplex: ByteDuplex) => Promise<void>
}

/** Starts a node on loopback that listens, speaks all our protocols, and says what it is told to; its address. */
export async function startHostileServer(script: Script): Promise<string> {
  const node = await startTestNode([], {
    record: async () => script.record,
    sync: async (duplex) => script.sync?.(duplex).catch(() => undefined),
  })
  onTestFinished(() => node.stop())
  return node.addresses()[0]!
}

/** Sends these bytes, and then ends the stream, or says nothing more. */
export function send(bytes: Uint8Array[], { ends = true } = {}): NonNullable<Script['sync']> {
  return async (duplex) => {
    for (const piece of bytes) await duplex.send(piece)
    if (ends) await duplex.closeWrite()
  }
}

/** Serves what is asked for, as an honest node does. */
export function serveFrom(source: BlockSource): NonNullable<Script['sync']> {
  return async (duplex) => void (await serveSync(duplex, offerAll(source), { label: 'the asker' }))
}

const key = generateEd25519Key()

/** The name that `signed` signs for. */
export const NAME = key.name

/** A record of that name, as its owner would sign it now. */
export async function signed(record: Pick<NewRecord, 'cid'> & Partial<NewRecord>): Promise<Uint8Array> {
  const { bytes } = await createRecord({ privateKey: key.protobuf, sequence: 0n, now: new Date(), ...record })
  return bytes
}
