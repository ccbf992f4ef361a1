import { rm } from 'node:fs/promises'

import { LevelDatastore } from 'datastore-level'

import { ConflictError, JzfsError } from '../model/errors.ts'
import { lockHolders } from '../store/lock/lock-holder.ts'
import { type Lock, tryLock } from '../store/lock/lock.ts'
import { type Log, SILENT_LOG } from '../sync/log.ts'
import type { IpnsRecord } from '../sync/names/ipns-record.ts'
import type { RecordCarrier, RecordSource } from '../sync/names/record-carrier.ts'
import { createExchanges, type ServeExchange } from './exchanges.ts'
import { followNetworkOf } from './follow/follow-network.ts'
import { createFollower, type Follower } from './follow/follower.ts'
import { createMessageJudge } from './follow/judge-message.ts'
import { spreadRecords } from './follow/spread-records.ts'
import { placeControlSocket } from './home/control-socket.ts'
import { type DaemonState, lastPort, writeDaemonState } from './home/daemon-state.ts'
import type { Home } from './home/home.ts'
import { SELF_KEY } from './home/key-store.ts'
import { type Activity, createActivity } from './metrics/activity.ts'
import { measureNode } from './metrics/node-metrics.ts'
import { carryNames, type CarryNamesOptions } from './names/carry-names.ts'
import type { NetworkProfile } from './network/network-profile.ts'
import { DEFAULT_PEER_LIMITS, type PeerLimits } from './network/peer-limits.ts'
import { type Served, type ServingNode, type ServingNodeOptions, startServingNode } from './network/serving-node.ts'
import { createHomeOffer } from './offer/home-offer.ts'
import { publishedRecord } from './offer/published-record.ts'
import { createServedBlocks, type ServedBlocks } from './offer/served-blocks.ts'
import { keepPublishing } from './publish/publish-followed.ts'

/** How a daemon is started. */
export interface DaemonOptions {
  home: Home
  /** The version of jzfs, which others see. */
  version: string
  /** The command line, for who finds the daemon running. */
  command: string
  profile?: NetworkProfile
  /** With `public`: addresses of nodes of the DHT to begin with (default: none). */
  bootstrap?: readonly string[] | undefined
  /** See `ServingNodeOptions.confined`. */
  confined?: boolean | undefined
  /** The TCP port (default: the last one where it is free, else any). */
  port?: number
  now(): Date
  /** Told of what goes wrong while the daemon runs: a damaged block that is published, a record that cannot be signed. */
  onProblem?: (error: JzfsError) => void
  /** Told of what the daemon does (default: nobody is). */
  log?: Log
  /** Delegated routers: asked for records, and given those of our names (default: none). */
  routers?: readonly RecordCarrier[]
  /** What peers may take (default DEFAULT_PEER_LIMITS). */
  limits?: PeerLimits
  /** How often names that pins follow are asked for, in milliseconds (default FOLLOW_INTERVAL_MS). */
  followIntervalMs?: number
}

/** How often names that pins follow are asked for: the time for which a record of ours may be used without looking again. */
const FOLLOW_INTERVAL_MS = 60_000

/** A running daemon: the node of a home. */
export interface Daemon {
  home: Home
  node: ServingNode
  served: ServedBlocks
  state: DaemonState
  /** The command line, for locks. */
  command: string
  now(): Date
  /** Answers a stream of `/jzfs/sync/1` that another carrier than libp2p brought. */
  exchange: ServeExchange
  /** What it did for others. */
  activity: Activity
  /** Whether it was asked to stop. */
  isStopping(): boolean
  /** Ends everything in order; a second call waits for the first. */
  stop(): Promise<void>
  /** Fulfilled once it has stopped, whoever asked for it. */
  stopped: Promise<void>
}

/** What the layer above adds: the control socket. */
export type StartControl = (daemon: Daemon, socket: string) => Promise<{ close(): Promise<void> }>

/**
 * Starts the daemon of a home: it listens, serves what is published, and answers on the control socket. One for each home:
 * ConflictError `daemon-running` (details: `pid`) where there is one. Throws what `placeControlSocket` and
 * `startServingNode` throw.
 */
export async function startDaemon(given: DaemonOptions, startControl: StartControl): Promise<Daemon> {
  const { home, command, version, now, log = SILENT_LOG, limits = DEFAULT_PEER_LIMITS } = given
  const activity = createActivity(log)
  const options = {
    ...given,
    onProblem: (error: JzfsError) => {
      activity.problem(error)
      given.onProblem?.(error)
    },
  }
  const lock = takeDaemonLock(home, command)
  const closing: (() => Promise<void>)[] = [async () => lock.release()]
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse()) await close()
  }
  try {
    const socket = placeControlSocket(home)
    const self = await selfKey(home, command)
    const datastore = await openDatastore(home.layout.datastore)
    closing.push(() => datastore.close())
    const served = createServedBlocks(home, { onProblem: options.onProblem })
    closing.push(() => served.close())
    const { onProblem } = options
    const exchange = createExchanges(limits, activity, (asker) => ({
      ...createHomeOffer(home, asker, { served, now, onProblem }),
      record: (name) => publishedRecord(home, name, asker),
    }))
    const node = await startNode(options, {
      privateKey: self,
      served: servedBy(options, served, activity, exchange),
      datastore,
      onRefused: activity.refusedConnection,
    })
    closing.push(() => node.stop())
    const endMeasuring = measureNode(activity.metrics, { version, node, served })
    closing.push(async () => endMeasuring())
    const state = stateOf(options, node, socket)
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => (stopping ??= stopDaemon(log, closeAll).finally(resolve))
    const isStopping = (): boolean => stopping !== undefined
    const daemon: Daemon = { home, node, served, state, command, now, exchange, activity, isStopping, stop, stopped }
    const control = await startControl(daemon, socket)
    closing.push(() => control.close())
    const carried = { ...options, routers: [...(options.routers ?? []), ...(node.dht === undefined ? [] : [node.dht])] }
    closing.push(carryNames(namesOf(carried, node)))
    const follower = followNames(carried, node)
    closing.push(() => follower.close())
    closing.push(spreadRecords({ home, topics: node.topics, log }))
    closing.push(keepPublished(options, served))
    await writeDaemonState(home, state)
    const { pid, peerId, addresses, http, profile } = state
    log.info({ pid, version, home: home.layout.directory, peerId, addresses, http, profile }, 'daemon started')
    return daemon
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function stopDaemon(log: Log, closeAll: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  log.info({ pid: process.pid }, 'daemon stops')
  await closeAll()
  log.info({ pid: process.pid, ms: Math.round(performance.now() - startedAt) }, 'daemon stopped')
}

function takeDaemonLock(home: Home, command: string): Lock {
  const lock = tryLock(home.layout.daemonLock, command)
  if (lock !== undefined) return lock
  const [holder] = lockHolders(home.layout.daemonLock)
  const who = holder === undefined ? '' : ` (pid ${holder.pid})`
  throw new ConflictError(
    'daemon-running',
    `a daemon runs for this node home already${who}: ${home.layout.directory}`,
    {
      hint: 'use it, or stop it first: `jzfs daemon stop`',
      details: { pid: holder?.pid, home: home.layout.directory },
    },
  )
}

async function selfKey(home: Home, command: string): Promise<Uint8Array> {
  const found = home.keys.read(SELF_KEY)
  if (found !== undefined) return found.protobuf
  const lock = await home.lock({ command })
  try {
    return (await home.keys.readOrCreate(SELF_KEY)).protobuf
  } finally {
    lock.release()
  }
}

/** It holds only what may be lost: where a crash spoiled it, a new one is as good. */
async function openDatastore(path: string): Promise<LevelDatastore> {
  const open = async (): Promise<LevelDatastore> => {
    const datastore = new LevelDatastore(path)
    await datastore.open()
    return datastore
  }
  try {
    return await open()
  } catch {
    await rm(path, { recursive: true, force: true })
    return open()
  }
}

/** Listens where it did before, so that addresses that others noted stay true; elsewhere where that port is taken. */
async function startNode(
  { home, profile = 'loopback', bootstrap, confined, port, limits = DEFAULT_PEER_LIMITS }: DaemonOptions,
  init: ServingNodeOptions,
): Promise<ServingNode> {
  const options = { ...init, profile, bootstrap, confined, limits }
  if (port !== undefined) return startServingNode({ ...options, port })
  try {
    return await startServingNode({ ...options, port: lastPort(home) })
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'port-taken') throw error
    return startServingNode({ ...options, port: 0 })
  }
}

function servedBy(
  { home, now, log = SILENT_LOG }: DaemonOptions,
  served: ServedBlocks,
  activity: Activity,
  exchange: ServeExchange,
): Served {
  return {
    blocks: {
      has: async (cid) => served.view('everybody').mayServe(cid),
      get: async (cid, options) => {
        const block = await served
          .view('everybody')
          .get(cid, options)
          .catch(() => undefined)
        if (block !== undefined) activity.gaveBlock(block)
        return block
      },
      put: async () => undefined,
    },
    record: async (name) => {
      const record = await publishedRecord(home, name)
      log.debug({ name, found: record !== undefined }, 'record asked for')
      return record
    },
    judge: createMessageJudge(home, now),
    sync: (stream, peerId, options) =>
      exchange(stream, { asker: { peerId }, label: peerId, carrier: 'libp2p', ...options }),
  }
}

function stateOf(
  { version, profile = 'loopback', now }: DaemonOptions,
  node: ServingNode,
  socket: string,
): DaemonState {
  const { peerId } = node
  const startedAt = now().toISOString()
  return { pid: process.pid, version, startedAt, peerId, addresses: node.addresses(), profile, socket }
}

function followNames(
  { home, command, now, log = SILENT_LOG, routers = [], limits = DEFAULT_PEER_LIMITS, followIntervalMs }: DaemonOptions,
  node: ServingNode,
): Follower {
  const { idleTimeoutMs } = limits
  const intervalMs = followIntervalMs ?? FOLLOW_INTERVAL_MS
  const network = followNetworkOf(node)
  const follower = createFollower({ home, network, routers, intervalMs, command, now, log, idleTimeoutMs })
  const end = node.topics.onRecord((name, record, peerId) => {
    const from = network.connected().find(({ label }) => label === peerId)
    void follower.offer(name, record, from)
  })
  return {
    offer: (...given) => follower.offer(...given),
    close: async () => {
      end()
      await follower.close()
    },
  }
}

/** See `keepPublishing`; what it does is logged. */
function keepPublished(
  { home, command, now, onProblem, log = SILENT_LOG }: DaemonOptions,
  served: ServedBlocks,
): () => Promise<void> {
  return keepPublishing({
    home,
    served,
    command,
    now,
    onPublished: ({ registered: { name }, record: { sequence } }) =>
      log.info({ repository: name, sequence: sequence.toString() }, 'published what moved'),
    onPublishedLate: ({ name }) => log.info({ repository: name }, 'published what was pushed before'),
    onProblem,
  })
}

/** What is done for names: see `carryNames`. */
function namesOf(
  { home, command, now, onProblem, log, routers = [] }: DaemonOptions,
  node: ServingNode,
): CarryNamesOptions {
  const sources = (): RecordSource[] => {
    // Whoever comes to us may be anybody, and many; who was connected to on purpose has what we asked for before.
    const outbound = node.connections().filter(({ direction }) => direction === 'outbound')
    const peers = new Set(outbound.map(({ peerId }) => peerId))
    return [...[...peers].map((peer) => node.peer(peer)), ...routers]
  }
  const onSigned = ({ name, sequence }: IpnsRecord): void =>
    log?.info({ name, sequence: sequence.toString() }, 'name signed again')
  return { home, command, now, sources, routers, provider: node.dht, onProblem, onSigned }
}
