import { rm } from 'node:fs/promises'

import { LevelDatastore } from 'datastore-level'

import { ConflictError, JzfsError } from '../model/errors.ts'
import { lockHolders } from '../store/lock/lock-holder.ts'
import { type Lock, tryLock } from '../store/lock/lock.ts'
import { offerBlocks } from '../sync/protocol/offer.ts'
import { serveSync } from '../sync/protocol/serve-sync.ts'
import { placeControlSocket } from './home/control-socket.ts'
import { type DaemonState, lastPort, writeDaemonState } from './home/daemon-state.ts'
import type { Home } from './home/home.ts'
import { SELF_KEY } from './home/key-store.ts'
import type { NetworkProfile } from './network/network-profile.ts'
import { type Served, type ServingNode, startServingNode } from './network/serving-node.ts'
import { publishedRecord } from './publish/published-record.ts'
import { createServedBlocks, type ServedBlocks } from './publish/served-blocks.ts'
import { signAgain } from './publish/sign-again.ts'

/** How a daemon is started. */
export interface DaemonOptions {
  home: Home
  /** The version of jzfs, which others see. */
  version: string
  /** The command line, for who finds the daemon running. */
  command: string
  profile?: NetworkProfile
  /** The TCP port (default: the last one where it is free, else any). */
  port?: number
  now(): Date
  /** Told of what goes wrong while the daemon runs: a damaged block that is published, a record that cannot be signed. */
  onProblem?: (error: JzfsError) => void
}

/** A running daemon: the node of a home. */
export interface Daemon {
  home: Home
  node: ServingNode
  served: ServedBlocks
  state: DaemonState
  /** Ends everything in order; a second call waits for the first. */
  stop(): Promise<void>
  /** Fulfilled once it has stopped, whoever asked for it. */
  stopped: Promise<void>
}

/** What the layer above adds: the control socket. */
export type StartControl = (daemon: Daemon, socket: string) => Promise<{ close(): Promise<void> }>

/** Packs are read at once: what is read before it is needed would only take memory. */
const READ_AHEAD = { blocks: 4, bytes: 1_048_576 }

/** How often to look for records to sign again, in milliseconds. */
const SIGN_INTERVAL_MS = 3_600_000

/**
 * Starts the daemon of a home: it listens, serves what is published, and answers on the control socket. One for each home:
 * ConflictError `daemon-running` (details: `pid`) where there is one. Throws what `placeControlSocket` and
 * `startServingNode` throw.
 */
export async function startDaemon(options: DaemonOptions, startControl: StartControl): Promise<Daemon> {
  const { home, command } = options
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
    const node = await startNode(options, { privateKey: self, served: servedBy(home, served), datastore })
    closing.push(() => node.stop())
    const state = stateOf(options, node, socket)
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => (stopping ??= closeAll().finally(resolve))
    const daemon: Daemon = { home, node, served, state, stop, stopped }
    const control = await startControl(daemon, socket)
    closing.push(() => control.close())
    closing.push(keepSigning(options))
    await writeDaemonState(home, state)
    return daemon
  } catch (error) {
    await closeAll()
    throw error
  }
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
  { home, profile = 'loopback', port }: DaemonOptions,
  init: { privateKey: Uint8Array; served: Served; datastore: LevelDatastore },
): Promise<ServingNode> {
  if (port !== undefined) return startServingNode({ ...init, profile, port })
  try {
    return await startServingNode({ ...init, profile, port: lastPort(home) })
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'port-taken') throw error
    return startServingNode({ ...init, profile, port: 0 })
  }
}

function servedBy(home: Home, served: ServedBlocks): Served {
  return {
    blocks: {
      has: async (cid) => served.view('everybody').mayServe(cid),
      get: (cid, options) =>
        served
          .view('everybody')
          .get(cid, options)
          .catch(() => undefined),
      put: async () => undefined,
    },
    record: (name) => publishedRecord(home, name),
    sync: async (duplex, peerId) => {
      const view = served.view({ peerId })
      // A peer that hangs up or breaks the protocol is its own business: the stream is aborted.
      const offer = offerBlocks({ source: view, mayServe: view.mayServe, countBlocks: view.countBlocks })
      await serveSync(duplex, offer, { label: peerId, readAhead: READ_AHEAD }).catch(() => undefined)
    },
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

/** Signs records again at half-life; returns what ends it. */
function keepSigning({ home, command, now, onProblem }: DaemonOptions): () => Promise<void> {
  let running = Promise.resolve()
  const sign = (): void => {
    running = signAgain(home, { command, now: now() }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof JzfsError) onProblem?.(error)
        else throw error
      },
    )
  }
  sign()
  const timer = setInterval(sign, SIGN_INTERVAL_MS)
  return async () => {
    clearInterval(timer)
    await running
  }
}
