import { once } from 'node:events'
import { Agent, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'

import type { AbortOptions } from '../../model/block.ts'
import { InvalidError, UnavailableError } from '../../model/errors.ts'
import { addressOutside, type NetworkProfile, reachesHost } from '../../node/network/network-profile.ts'
import type { Peer } from '../../sync/peer.ts'
import { askRecord } from '../../sync/protocol/ask-record.ts'
import { authorizationOf, CHALLENGE_HEADER, CHALLENGE_PATH, type GivenChallenge } from '../asker-signature.ts'
import { createRouter } from '../routing/router.ts'
import { requestDuplex, requestOf, unreachable } from './request-duplex.ts'

/** A node that is reached over HTTP. */
export interface HttpPeer extends Peer {
  /** The name of the repository that the URL is of; undefined where it names the node alone. */
  repository: string | undefined
  /** Closes the connections. */
  close(): void
}

export interface HttpPeerOptions {
  /** Who asks: a node's key. Left out, what is asked is asked as everybody. */
  key?: { peerId: string; protobuf: Uint8Array } | undefined
  profile?: NetworkProfile
}

/** Connections to one server that are kept for the next request. */
const MAX_SOCKETS = 8

/**
 * The node behind `http(s)://HOST[/REPOSITORY]`: each stream is one `POST` of `/REPOSITORY/sync`, signed where a key is given.
 * Throws InvalidError `url-invalid` (details: `url`) and `address-outside-profile` (details: `address`).
 */
export function createHttpPeer(text: string, { key, profile = 'loopback' }: HttpPeerOptions = {}): HttpPeer {
  const { base, repository } = readUrl(text, profile)
  const agent = new (base.protocol === 'https:' ? HttpsAgent : Agent)({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const url = new URL(`${base.pathname.replace(/\/+$/, '')}/sync`, base)
  const challenges = createChallengeSource({ url: new URL(CHALLENGE_PATH, base), label: text, agent })
  const router = createRouter(base.origin, { profile })
  const openSync: NonNullable<Peer['openSync']> = async (options = {}) => {
    options.signal?.throwIfAborted()
    return requestDuplex({
      url,
      label: text,
      agent,
      onResponse: (response) => challenges.note(response),
      async headersFor(frame): Promise<Record<string, string>> {
        if (key === undefined) return {}
        const { challenge, peerId } = await challenges.take(options)
        const request = { method: 'POST', path: url.pathname, authority: url.host, server: peerId, challenge, frame }
        return { authorization: authorizationOf(key, request) }
      },
    })
  }
  return {
    label: text,
    repository,
    openSync,
    resolveName: async (name, options = {}) => {
      const record = await router.resolveName(name, options)
      // As a router it does not know who asks.
      return record ?? (key === undefined ? undefined : askRecord({ label: text, openSync }, name, options))
    },
    close: () => agent.destroy(),
  }
}

function readUrl(text: string, profile: NetworkProfile): { base: URL; repository: string | undefined } {
  const url = URL.parse(text)
  const path = url?.pathname.replace(/\/+$/, '') ?? ''
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  const repository = decoded(path.slice(1))
  if (!isPlain || url.username !== '' || path.lastIndexOf('/') > 0 || repository === undefined) {
    throw new InvalidError('url-invalid', `this is no address of a node or of a repository: ${text}`, {
      hint: 'write http://HOST:PORT/REPOSITORY',
      details: { url: text },
    })
  }
  if (!reachesHost(profile, url.hostname)) throw addressOutside(profile, text)
  return { base: url, repository: repository === '' ? undefined : repository }
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/** Where challenges come from: with each signed answer one for the next request, else asked for. */
function createChallengeSource(place: ChallengePlace) {
  let server: string | undefined
  let next: { challenge: string; untilMs: number } | undefined
  return {
    note({ headers }: IncomingMessage): void {
      const challenge = headers[CHALLENGE_HEADER]
      if (typeof challenge === 'string') next = { challenge, untilMs: performance.now() + KEPT_MS }
    },
    async take(options: AbortOptions): Promise<GivenChallenge> {
      const kept = next
      next = undefined
      if (kept !== undefined && server !== undefined && kept.untilMs > performance.now()) {
        return { challenge: kept.challenge, peerId: server }
      }
      const given = await askChallenge(place, options)
      server = given.peerId
      return given
    },
  }
}

/** How long a challenge that came with an answer is used: less than the server takes it. */
const KEPT_MS = 30_000

const ANSWER_TIMEOUT_MS = 10_000

/** Characters of the answer that gives a challenge. */
const MAX_ANSWER = 1024

interface ChallengePlace {
  url: URL
  /** What errors call the server. */
  label: string
  agent: Agent
}

async function askChallenge({ url, label, agent }: ChallengePlace, { signal }: AbortOptions): Promise<GivenChallenge> {
  // Not by `fetch`: its first use takes 40 ms, and it would not share the connection.
  const request = requestOf(url)(url, { agent, ...(signal === undefined ? {} : { signal }) })
  let timer: NodeJS.Timeout | undefined
  try {
    // Whoever reads the answer learns of an error there; unheard it would end the process.
    request.on('error', () => undefined)
    // Until there is a connection, it waits for exchanges that may take long.
    request.once('socket', () => (timer = setTimeout(() => request.destroy(new Error('no answer')), ANSWER_TIMEOUT_MS)))
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const text = await readShort(response)
    const { challenge, peerId } = JSON.parse(text) as Partial<GivenChallenge>
    if (typeof challenge === 'string' && typeof peerId === 'string') return { challenge, peerId }
  } catch (error) {
    signal?.throwIfAborted()
    throw unreachable(label, error)
  } finally {
    clearTimeout(timer)
  }
  throw new UnavailableError('peer-refused', `${label} gives no challenge to sign`, {
    hint: 'check the address: it must be that of a daemon, as `jzfs daemon status` shows it',
    details: { peer: label },
  })
}

async function readShort(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece
    if (text.length > MAX_ANSWER) throw new Error('the answer is too long')
  }
  return text
}
