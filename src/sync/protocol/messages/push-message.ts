import type { CID } from 'multiformats/cid'

import { linkJson } from '../../../model/commit/dag-json.ts'
import { MAX_REF_NAME_BYTES } from '../../../model/limits.ts'
import type { ByteReader } from '../byte-reader.ts'
import type { RefUpdate } from '../offer.ts'
import { MAX_HAVES, MAX_HEADER_BYTES, MAX_REPOSITORY_NAME, MAX_UPDATES } from '../sync-limits.ts'
import { WireProblem } from '../wire-problem.ts'
import { readCount, readLinkOrNull, readLinks, readMaps, readOptionalText, readText } from './message-fields.ts'
import { encodeMessage, type Fields, readMessage } from './message-frame.ts'
import { PUSH, PUSH_OFFER, PUSH_OFFER_RESPONSE, PUSH_RESPONSE } from './message-types.ts'
import { openResponse } from './refusal.ts'

/** What shall move, before anything is sent: `type` is `jzfs/push-offer/1`. */
export interface PushOffer {
  /** The repository's name; left out where the node has one only. */
  repository?: string | undefined
  /** 1 to MAX_UPDATES, each ref once. */
  updates: RefUpdate[]
  /** Commits that the pusher believes to be there with all they reach. */
  haves: CID[]
}

/** The same again, as it was agreed on; a CAR follows: `type` is `jzfs/push/1`. */
export interface PushRequest extends PushOffer {
  /** How many blocks at the start of the order are left out. */
  resume: number
}

/** What is answered to an offer: `type` is `jzfs/push-offer-response/1`. */
export interface PushAgreement {
  /** Those of the haves that are known there, in their order. */
  haves: CID[]
  /** How many blocks at the start of the order, given these haves, were kept of an interrupted push. */
  resume: number
}

/** The bytes of an offer, its length before it. */
export function encodePushOffer(offer: PushOffer): Uint8Array {
  return encodeMessage(PUSH_OFFER, offerJson(offer))
}

/** Reads the fields of an offer. Throws WireProblem. */
export function decodePushOffer(fields: Fields): PushOffer {
  const updates = readMaps(fields, 'updates', MAX_UPDATES).map(readUpdate)
  if (updates.length === 0) throw new WireProblem('updates is empty')
  if (new Set(updates.map(({ name }) => name)).size < updates.length) throw new WireProblem('updates has a ref twice')
  return {
    repository: readOptionalText(fields, 'repository', MAX_REPOSITORY_NAME),
    updates,
    haves: readLinks(fields, 'haves', MAX_HAVES),
  }
}

/** The bytes of what is answered to an offer, its length before it. */
export function encodePushAgreement({ haves, resume }: PushAgreement): Uint8Array {
  return encodeMessage(PUSH_OFFER_RESPONSE, { haves: haves.map(linkJson), resume, status: 'ok' })
}

/** Reads what is answered to an offer. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readPushAgreement(reader: ByteReader): Promise<PushAgreement> {
  const opened = openResponse(await readMessage(reader, MAX_HEADER_BYTES), PUSH_OFFER_RESPONSE)
  return { haves: readLinks(opened, 'haves', MAX_HAVES), resume: readCount(opened, 'resume') }
}

/** The bytes that come before the CAR of a push, their length before them. */
export function encodePush({ resume, ...offer }: PushRequest): Uint8Array {
  return encodeMessage(PUSH, { ...offerJson(offer), resume })
}

/** Reads the fields of a push. Throws WireProblem. */
export function decodePush(fields: Fields): PushRequest {
  return { ...decodePushOffer(fields), resume: readCount(fields, 'resume') }
}

/** The bytes of the answer to a push that was taken: `type` is `jzfs/push-response/1`. */
export function encodePushed(updates: readonly RefUpdate[]): Uint8Array {
  return encodeMessage(PUSH_RESPONSE, { refs: updates.map(({ name }) => name), status: 'ok' })
}

/** Reads the answer to a push: the names of the refs that moved. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readPushed(reader: ByteReader): Promise<string[]> {
  const opened = openResponse(await readMessage(reader, MAX_PUSHED_BYTES), PUSH_RESPONSE)
  const { refs } = opened
  if (!Array.isArray(refs) || refs.length > MAX_UPDATES) throw new WireProblem('refs is no list of refs')
  return refs.map((ref: unknown) => readText({ ref }, 'ref', MAX_REF_NAME_BYTES))
}

/** All refs with the longest names. */
const MAX_PUSHED_BYTES = MAX_UPDATES * (MAX_REF_NAME_BYTES + 4) + 4096

function offerJson({ repository, updates, haves }: PushOffer): Fields {
  const json = (cid: CID | undefined): unknown => (cid === undefined ? null : linkJson(cid))
  return {
    haves: haves.map(linkJson),
    repository,
    updates: updates.map(({ name, before, after }) => ({ after: json(after), before: json(before), ref: name })),
  }
}

function readUpdate(fields: Fields): RefUpdate {
  const name = readText(fields, 'ref', MAX_REF_NAME_BYTES)
  const before = readLinkOrNull(fields, 'before')
  const after = readLinkOrNull(fields, 'after')
  if (before === undefined && after === undefined) throw new WireProblem('an update changes nothing')
  return { name, before, after }
}
