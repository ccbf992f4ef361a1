import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { kuboBinary } from '../../scripts/kubo/build.ts'

/** A Kubo repository of its own, never the user's: only loopback addresses, profile `unixfs-v1-2025`. */
export interface KuboRepository {
  path: string
  /** Runs `ipfs ARGS` and returns its standard output; throws with its standard error when it fails. */
  ipfs(args: string[], options?: { input?: string | Uint8Array; cwd?: string }): Buffer
  /** Starts `ipfs daemon` on free loopback ports and returns its address. */
  startDaemon(): Promise<KuboDaemon>
}

export interface KuboDaemon {
  process: ChildProcess
  /** `/ip4/127.0.0.1/tcp/PORT/p2p/PEER` */
  address: string
  gatewayUrl: string
  stop(): Promise<void>
}

/**
 * The Kubo binary, or undefined, said aloud, where there is neither `KUBO_BINARY` nor Go. In CI its absence is a failure.
 */
export function findKubo(): string | undefined {
  const found = kuboBinary()
  if ('binary' in found) return found.binary
  if (process.env['CI'] === 'true') throw new Error(`CI may not skip the Kubo tests: ${found.missing}`)
  process.stderr.write(`SKIPPED: tests against Kubo (${found.missing})\n`)
  return undefined
}

/** Initialises a Kubo repository in `directory`. */
export async function createKuboRepository(binary: string, directory: string): Promise<KuboRepository> {
  mkdirSync(directory, { recursive: true })
  const env = { ...process.env, IPFS_PATH: join(directory, 'ipfs'), IPFS_TELEMETRY: 'off' }
  const ipfs = (args: string[], options: { input?: string | Uint8Array; cwd?: string } = {}): Buffer => {
    const done = spawnSync(binary, args, { env, maxBuffer: 1 << 30, ...options })
    if (done.status !== 0) throw new Error(`ipfs ${args.join(' ')}: ${done.stderr?.toString() ?? String(done.error)}`)
    return done.stdout
  }
  ipfs(['init', '--profile=unixfs-v1-2025,test'])
  const [swarm, api, gateway] = await freePorts(3)
  ipfs(['config', '--json', 'Addresses.Swarm', JSON.stringify([`/ip4/127.0.0.1/tcp/${swarm}`])])
  ipfs(['config', 'Addresses.API', `/ip4/127.0.0.1/tcp/${api}`])
  ipfs(['config', 'Addresses.Gateway', `/ip4/127.0.0.1/tcp/${gateway}`])
  const startDaemon = () => startKuboDaemon(binary, env, { swarm: swarm!, gateway: gateway! }, ipfs)
  return { path: env.IPFS_PATH, ipfs, startDaemon }
}

async function startKuboDaemon(
  binary: string,
  env: NodeJS.ProcessEnv,
  ports: { swarm: number; gateway: number },
  ipfs: KuboRepository['ipfs'],
): Promise<KuboDaemon> {
  const child = spawn(binary, ['daemon'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (piece: Buffer) => (log += piece.toString()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (piece: Buffer) => {
      log += piece.toString()
      if (log.includes('Daemon is ready')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`ipfs daemon ended with ${code}: ${log}`)))
  })
  const { ID: peer } = JSON.parse(ipfs(['id']).toString()) as { ID: string }
  const stop = async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return {
    process: child,
    address: `/ip4/127.0.0.1/tcp/${ports.swarm}/p2p/${peer}`,
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    stop,
  }
}

/** Ports that were free on loopback a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
