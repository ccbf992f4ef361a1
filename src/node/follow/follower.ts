import { sha256 } from '../../model/cid.ts'
import { dateOf } from '../../model/commit/date.ts'
import type { Person } from '../../model/commit/person.ts'
import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Log } from '../../sync/log.ts'
import type { RecordSource } from '../../sync/names/record-carrier.ts'
import type { Peer } from '../../sync/peer.ts'
import type { Home } from '../home/home.ts'
import { notePinProblem, updatePin } from '../pins/update-pin.ts'
import { askForNames } from './ask-for-names.ts'
import { eachAtMost } from './each-at-most.ts'
import type { FollowNetwork } from './follow-network.ts'
import { createFollowedNames, type FollowedName } from './followed-names.ts'
import { createFollowedState, type FollowedState } from './followed-state.ts'

/** What the follower of a daemon works with. */
export interface FollowerOptions {
  home: Home
  network: FollowNetwork
  /** Whoever has only records. */
  routers: readonly RecordSource[]
  /** How often names are asked for, in milliseconds; by chance a fifth more or less. */
  intervalMs: number
  /** The command line, for locks and logs. */
  command: string
  now(): Date
  log: Log
  /** How long a peer may send nothing. */
  idleTimeoutMs?: number | undefined
}

/** What follows the names of a home in the background. */
export interface Follower {
  /** Takes a record that somebody brought unasked: it is judged, and what is new is fetched. Other names are passed over. */
  offer(name: string, record: Uint8Array, from: Peer | undefined): Promise<void>
  /** Stops, once what runs has been broken off. */
  close(): Promise<void>
}

/** A record that a source gave. */
interface Given {
  record: Uint8Array
  from: RecordSource & Partial<Peer>
  /** Whether whoever follows the name got it as we did. */
  isPassedOn?: boolean
}

/** How often it is looked whether names are due, or new ones are followed: it costs one question to the file system. */
const LOOK_INTERVAL_MS = 2000

/** Peers that are asked at a time, and names that are fetched at a time. */
const MAX_ASKED_AT_ONCE = 8
const MAX_FETCHED_AT_ONCE = 4

/** Records that were brought unasked and wait, of all names. */
const MAX_WAITING = 1024

/** A name that fails is asked for ever less often: at last each 16 intervals. */
const MAX_DOUBLINGS = 4

/** When a transfer is tried again first, in milliseconds; then after four times as long, and so on. */
const FIRST_RETRY_MS = 1000

/** A peer that comes and goes is asked no more often than this, in milliseconds. */
const ASK_AGAIN_MS = 10_000

/**
 * Follows the names that pins of a home follow: asks the peers that are connected, those that were given and the routers for
 * their records at an interval, and a new peer at once; fetches the difference, and moves the pin, which is served on. What
 * goes wrong is noted with the pin and logged once, and does not keep the others from it.
 */
export function createFollower(options: FollowerOptions): Follower {
  return new HomeFollower(options)
}

class HomeFollower implements Follower {
  readonly #options: FollowerOptions
  readonly #names: () => readonly FollowedName[]
  readonly #states = new Map<string, FollowedState>()
  readonly #busy = new Map<string, Promise<void>>()
  readonly #waiting = new Set<string>()
  readonly #askedAt = new Map<string, number>()
  readonly #ended = new AbortController()
  readonly #endNews: () => void
  readonly #running = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #followed: readonly FollowedName[] | undefined
  #isAsking = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#names = createFollowedNames(options.home)
    this.#endNews = options.network.onConnected((peer) => void this.#run(() => this.#greet(peer)))
    const look = (): void => {
      if (!this.#isAsking) void this.#run(() => this.#askDue())
    }
    this.#timer = setInterval(look, Math.min(LOOK_INTERVAL_MS, options.intervalMs))
    look()
  }

  offer(name: string, record: Uint8Array, from: Peer | undefined): Promise<void> {
    const giver = from ?? { label: 'a message', resolveName: async () => undefined }
    // A transfer may take long: what many bring meanwhile, or one again and again, waits once.
    const key = `${name} ${Buffer.from(sha256(record)).toString('base64')}`
    return this.#run(async () => {
      if (!this.#names().some((followed) => followed.name === name)) return
      if (this.#waiting.has(key) || this.#waiting.size >= MAX_WAITING) return
      this.#waiting.add(key)
      try {
        await this.#settle(name, [{ record, from: giver, isPassedOn: true }])
      } finally {
        this.#waiting.delete(key)
      }
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#endNews()
    this.#ended.abort()
    await Promise.all(this.#running)
  }

  /** Runs something that ends when the follower does, and that only tells the log what goes wrong. */
  #run(work: () => Promise<void>): Promise<void> {
    const { log } = this.#options
    const running = (async () => {
      try {
        if (!this.#ended.signal.aborted) await work()
      } catch (error) {
        if (this.#ended.signal.aborted) return
        if (!(error instanceof JzfsError)) throw error
        log.error({ code: error.code, message: error.message }, 'following failed')
      }
    })()
    this.#running.add(running)
    return running.finally(() => this.#running.delete(running))
  }

  /** Asks for all names that are due, or nearly so. */
  async #askDue(): Promise<void> {
    const { intervalMs, network, routers } = this.#options
    const now = performance.now()
    const followed = this.#names()
    this.#forgetOthers(followed)
    // A topic is seen by whoever listens, and passes on what comes.
    const forEverybody = followed.filter(({ restricted }) => !restricted)
    if (followed !== this.#followed) network.follow(forEverybody.map(({ name }) => name))
    this.#followed = followed
    if (!followed.some(({ name }) => this.#state(name).nextAt <= now)) return
    const due = followed.filter(({ name }) => this.#state(name).nextAt <= now + intervalMs / 4)
    const nextAt = now + intervalMs * (0.8 + 0.4 * Math.random())
    for (const { name } of due) this.#state(name).nextAt = nextAt
    const names = due.map(({ name }) => name)
    const asked = new Map<string, { source: RecordSource & Partial<Peer>; names: string[] }>()
    for (const source of [...network.connected(), ...routers]) asked.set(source.label, { source, names })
    for (const { name, peers } of due) {
      for (const source of peers.map((address) => network.peer(address))) {
        const found = asked.get(source.label)
        if (found === undefined) asked.set(source.label, { source, names: [name] })
        else if (!found.names.includes(name)) found.names.push(name)
      }
    }
    this.#isAsking = true
    try {
      await this.#ask([...asked.values()], names)
    } finally {
      this.#isAsking = false
    }
  }

  async #ask(
    asked: readonly { source: RecordSource & Partial<Peer>; names: readonly string[] }[],
    names: readonly string[],
  ): Promise<void> {
    const { signal } = this.#ended
    const given = new Map<string, Given[]>(names.map((name) => [name, []]))
    await eachAtMost(MAX_ASKED_AT_ONCE, asked, async (each) => {
      for (const [name, record] of await askForNames(each.source, each.names, { signal })) {
        given.get(name)?.push({ record, from: each.source })
      }
    })
    await eachAtMost(MAX_FETCHED_AT_ONCE, [...given], ([name, records]) => this.#settle(name, records))
  }

  /** Asks a peer that just came for everything, whatever is due. */
  async #greet(peer: Peer): Promise<void> {
    const now = performance.now()
    for (const [label, at] of this.#askedAt) if (now - at > ASK_AGAIN_MS) this.#askedAt.delete(label)
    const names = this.#names().map(({ name }) => name)
    if (names.length === 0 || this.#askedAt.has(peer.label)) return
    this.#askedAt.set(peer.label, now)
    const found = await askForNames(peer, names, { signal: this.#ended.signal })
    await eachAtMost(MAX_FETCHED_AT_ONCE, [...found], ([name, record]) => this.#settle(name, [{ record, from: peer }]))
  }

  /** Deals with what was given for one name, after what is being dealt with. */
  async #settle(name: string, given: readonly Given[]): Promise<void> {
    const before = this.#busy.get(name)
    const settling = (async () => {
      await before?.catch(() => undefined)
      if (!this.#ended.signal.aborted) await this.#judge(name, given)
    })()
    this.#busy.set(name, settling)
    try {
      await settling
    } finally {
      if (this.#busy.get(name) === settling) this.#busy.delete(name)
    }
  }

  async #judge(name: string, given: readonly Given[]): Promise<void> {
    const state = this.#state(name)
    if (given.length === 0) return this.#failed(name, nobodyHas(name))
    const isNew = ({ record }: Given): boolean => !state.isJudged(record)
    const problem = this.#names().find((followed) => followed.name === name)?.problem
    // A fork stays one whoever is asked. Other problems, also those that a command noted, may be over.
    if (!given.some(isNew) && (problem === undefined || problem === 'record-fork')) {
      if (state.code === undefined) state.failures = 0
      return
    }
    // What is new first: of a name that forked, a later record says how it goes on.
    const ordered = [...given.filter(isNew), ...given.filter((each) => !isNew(each))]
    try {
      await this.#update(name, ordered)
      for (const { record } of given) state.judge(record)
      this.#succeeded(name)
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof JzfsError)) throw error
      // Removed by its user meanwhile.
      if (error.code === 'pin-missing') return
      if (isFinal(error)) for (const { record } of given) state.judge(record)
      await this.#failed(name, error)
    }
  }

  async #update(name: string, given: readonly Given[]): Promise<void> {
    const { home, network, command, now, log, idleTimeoutMs } = this.#options
    const givers = given.map(({ record, from }): Peer => ({ ...from, resolveName: async () => record }))
    const labels = new Set(givers.map(({ label }) => label))
    const others = network.connected().filter(({ label }) => !labels.has(label))
    const peers = [...givers, ...others.map((peer): Peer => ({ ...peer, resolveName: async () => undefined }))]
    const { signal } = this.#ended
    const person = follower(now())
    const pinned = await updatePin(home, name, { peers, command, person, now: now(), idleTimeoutMs, signal })
    const { cid, before, fetched, restricted } = pinned
    if (before?.equals(cid) === true) return
    const { blocks, bytes, peer } = fetched
    // What came by topic was passed on by it. What was asked for may be news to others: here they can fetch it now.
    if (pinned.record !== undefined && !restricted && !given.some(({ isPassedOn }) => isPassedOn)) {
      await network.tell(name, pinned.record.bytes)
    }
    log.info({ name, cid: cid.toString(), blocks, bytes, peer }, 'followed name moved')
  }

  #succeeded(name: string): void {
    const state = this.#state(name)
    if (state.code !== undefined) this.#options.log.info({ name }, 'followed name is well again')
    state.failures = 0
    state.code = undefined
  }

  async #failed(name: string, error: JzfsError): Promise<void> {
    const { home, command, now, log, intervalMs } = this.#options
    const state = this.#state(name)
    state.failures++
    const longest = intervalMs * 2 ** Math.min(state.failures - 1, MAX_DOUBLINGS)
    // Whoever passed a record on may be fetching what it means, as we are.
    const isPassing = !isFinal(error) && error.code !== 'name-not-found'
    const pauseMs = isPassing ? Math.min(longest, FIRST_RETRY_MS * 4 ** (state.failures - 1)) : longest
    state.nextAt = performance.now() + pauseMs
    // When the daemon starts nobody is connected yet.
    if (error.code === 'name-not-found' && state.failures === 1) return
    if (state.code !== error.code) log.warn({ name, code: error.code, message: error.message }, 'following failed')
    state.code = error.code
    await notePinProblem(home, name, error, { command, now: now() })
  }

  #state(name: string): FollowedState {
    const state = this.#states.get(name) ?? createFollowedState()
    this.#states.set(name, state)
    return state
  }

  #forgetOthers(followed: readonly FollowedName[]): void {
    if (this.#states.size <= followed.length) return
    const names = new Set(followed.map(({ name }) => name))
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name)
  }
}

/** Whether the same record can only lead to the same end; of a transfer that broke off a later try may go well. */
function isFinal({ code }: JzfsError): boolean {
  return code.startsWith('record-')
}

/** Who moves a pin, in the log of the pins' repository. */
function follower(now: Date): Person {
  return { name: 'jzfs daemon', email: 'jzfs-daemon', date: dateOf(now, 0) }
}

function nobodyHas(name: string): NotFoundError {
  return new NotFoundError('name-not-found', `nobody who was reached has a record of ipns://${name}`, {
    hint: 'connect to a peer that has it: `jzfs peer connect ADDRESS`',
    details: { name },
  })
}
