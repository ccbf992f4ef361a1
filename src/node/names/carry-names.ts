import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { JzfsError } from '../../model/errors.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { RecordCarrier, RecordSource } from '../../sync/names/record-carrier.ts'
import type { Home } from '../home/home.ts'
import { signAgain } from '../publish/sign-again.ts'
import { announcedNames } from './announced-names.ts'
import { lookForNewer } from './look-for-newer.ts'
import { createHeadTeller, type HeadProvider } from './provide-heads.ts'

/** What the daemon does for names, beside answering. */
export interface CarryNamesOptions {
  home: Home
  command: string
  now(): Date
  /** Who is asked for newer records of our names: peers that the user connected to, and routers. Labels tell them apart. */
  sources(): RecordSource[]
  /** Who is given each new record of a name that is for everybody. */
  routers: readonly RecordCarrier[]
  /** Who is told of the heads that everybody may have (default: nobody is). */
  provider?: HeadProvider | undefined
  onProblem?: ((error: JzfsError) => void) | undefined
  onSigned?: ((record: IpnsRecord) => void) | undefined
}

/**
 * How often to look for records to sign again, for new ones to give to the routers, and for sources that were not asked yet,
 * in milliseconds.
 */
const SIGN_INTERVAL_MS = 3_600_000
const ANNOUNCE_INTERVAL_MS = 15_000
const LOOK_INTERVAL_MS = 15_000

/** How often to look for heads that nobody was told of, in milliseconds. */
const TELL_INTERVAL_MS = 30_000

/** After how long a router is given the same record again, in milliseconds: a DHT behind it forgets within 48 hours. */
const ANNOUNCE_AGAIN_MS = 43_200_000

/**
 * Signs records again at half-life, gives new ones to the routers, also those that another process signed, and asks each source
 * for what is newer than ours: when it is new, and every hour. Tells the provider of heads. Returns what ends it.
 */
export function carryNames(options: CarryNamesOptions): () => Promise<void> {
  const works = [repeat(createKeeper(options), LOOK_INTERVAL_MS, options)]
  if (options.routers.length > 0) works.push(repeat(createAnnouncer(options), ANNOUNCE_INTERVAL_MS, options))
  const { provider } = options
  if (provider !== undefined) works.push(repeat(createHeadTeller({ ...options, provider }), TELL_INTERVAL_MS, options))
  return async () => {
    await Promise.all(works.map((end) => end()))
  }
}

type Work = (signal: AbortSignal) => Promise<void>

/** Does something now, and again after each interval, never twice at once. */
function repeat(work: Work, intervalMs: number, { onProblem }: CarryNamesOptions): () => Promise<void> {
  const ended = new AbortController()
  let running: Promise<void> | undefined
  const run = (): void => {
    running ??= work(ended.signal)
      .catch((error: unknown) => {
        if (ended.signal.aborted) return
        if (!(error instanceof JzfsError)) throw error
        onProblem?.(error)
      })
      .finally(() => (running = undefined))
  }
  run()
  const timer = setInterval(run, intervalMs)
  return async () => {
    clearInterval(timer)
    ended.abort()
    await running
  }
}

/** What asks each new source for newer records, and every hour all of them before it signs again. */
function createKeeper({ home, command, now, sources, onProblem, onSigned }: CarryNamesOptions): Work {
  let asked = new Set<string>()
  let signedAt = Number.NEGATIVE_INFINITY
  return async (signal) => {
    const isDue = performance.now() - signedAt >= SIGN_INTERVAL_MS
    const all = sources()
    const fresh = isDue ? all : all.filter(({ label }) => !asked.has(label))
    asked = new Set(all.map(({ label }) => label))
    const options = { command, now: now(), signal, sources: fresh, onProblem }
    if (fresh.length > 0) await lookForNewer(home, options)
    if (!isDue) return
    for (const record of await signAgain(home, options)) onSigned?.(record)
    signedAt = performance.now()
  }
}

/** What gives each router the records that it was not given yet. */
function createAnnouncer({ home, now, routers, onProblem }: CarryNamesOptions): Work {
  const given = new Map<string, { mtimeMs: number; at: number }>()
  const failing = new Set<string>()
  const announce = async (router: RecordCarrier, name: string, signal: AbortSignal): Promise<void> => {
    const path = join(home.layout.names, `${name}.record`)
    const [key, at] = [`${router.label} ${name}`, now().getTime()]
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    const before = given.get(key)
    if (mtimeMs === undefined) return
    if (before?.mtimeMs === mtimeMs && at - before.at < ANNOUNCE_AGAIN_MS) return
    try {
      await router.putRecord(name, await readFile(path), { signal })
      given.set(key, { mtimeMs, at })
      failing.delete(router.label)
    } catch (error) {
      if (!(error instanceof JzfsError)) throw error
      // Once, and not for every name in every round.
      if (!failing.has(router.label)) onProblem?.(error)
      failing.add(router.label)
    }
  }
  return async (signal) => {
    for (const name of announcedNames(home)) {
      for (const router of routers) {
        if (!signal.aborted) await announce(router, name, signal)
      }
    }
  }
}
