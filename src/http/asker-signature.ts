import { hash } from 'node:crypto'

import { isSignedBy, signBytes } from '../node/home/ed25519-signature.ts'

/** The media type of requests and answers of `/jzfs/sync/1`. */
export const SYNC_TYPE = 'application/vnd.jzfs.sync'

/** The header by which a server gives a challenge, with every answer. */
export const CHALLENGE_HEADER = 'jzfs-challenge'

/** Where a challenge is had without asking anything else. */
export const CHALLENGE_PATH = '/challenge'

/** What a server gives at CHALLENGE_PATH. */
export interface GivenChallenge {
  challenge: string
  /** The id of the server: what is signed for it is of no use elsewhere. */
  peerId: string
}

/** What an asker signs, so that its request is its own, to this server, and once. */
export interface SignedRequest {
  method: string
  /** The path with its query, as it is sent. */
  path: string
  /** The host and port of the URL that is asked (`127.0.0.1:8080`): another server cannot pass the request on as its own. */
  authority: string
  /** The server's peer id. */
  server: string
  challenge: string
  /** The request's header with the length before it: what follows it (a CAR) is verified by its CIDs. */
  frame: Uint8Array
}

/** Who asks, as the header `authorization` says. Nothing of it is verified. */
export interface ClaimedAsker {
  peerId: string
  challenge: string
  signature: Uint8Array
}

const SCHEME = 'JZFS-Ed25519'

/** The value of the header `authorization` that an asker sends: signed by its node's key. */
export function authorizationOf(key: { peerId: string; protobuf: Uint8Array }, request: SignedRequest): string {
  const signature = signBytes(key.protobuf, signedBytes(key.peerId, request))
  const text = Buffer.from(signature).toString('base64url')
  return `${SCHEME} peer="${key.peerId}", challenge="${request.challenge}", signature="${text}"`
}

/** Reads the header `authorization`; undefined for one of another form. */
export function parseAuthorization(header: string): ClaimedAsker | undefined {
  const match = FORM.exec(header)
  if (match === null) return undefined
  const [, peerId = '', challenge = '', signature = ''] = match
  return { peerId, challenge, signature: new Uint8Array(Buffer.from(signature, 'base64url')) }
}

const FORM = /^JZFS-Ed25519 peer="([1-9A-HJ-NP-Za-km-z]{1,64})", challenge="([\w-]{1,128})", signature="([\w-]{86})"$/

/** Whether a claim is true of a request: that its peer has signed it. */
export function isClaimTrue({ peerId, signature }: ClaimedAsker, request: SignedRequest): boolean {
  return isSignedBy(peerId, signedBytes(peerId, request), signature)
}

function signedBytes(asker: string, { method, path, authority, server, challenge, frame }: SignedRequest): Uint8Array {
  const digest = hash('sha256', frame, 'hex')
  return Buffer.from(
    ['jzfs-http/1', method, path, authority, server, asker, challenge, digest].map((line) => `${line}\n`).join(''),
  )
}
