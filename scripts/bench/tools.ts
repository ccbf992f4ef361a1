import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CommandLine } from './measure.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')

/** The command line of jzfs as it is installed: the bundle under the Node that runs the bench. */
export function jzfs(cwd: string, home: string, ...args: string[]): CommandLine {
  const env = { JZFS_HOME: home, JZFS_AUTHOR_NAME: 'Bench', JZFS_AUTHOR_EMAIL: 'bench@localhost' }
  return { argv: [process.execPath, ...interpreterFlags(), MAIN, ...args], cwd, env }
}

/** The flags of Node in the first line of the program. */
function interpreterFlags(): string[] {
  const [first = ''] = readFileSync(MAIN, 'utf8').split('\n', 1)
  return first.split(' ').filter((word) => word.startsWith('--'))
}

/** Bare Node doing nothing: what no command of ours can be faster than. */
export function bareNode(cwd: string): CommandLine {
  return { argv: [process.execPath, '-e', '0'], cwd }
}

export function git(cwd: string, ...args: string[]): CommandLine {
  const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@localhost', '-c', 'gc.auto=0']
  return { argv: ['git', ...identity, ...args], cwd }
}

/** Kubo in a repository of its own, offline. */
export function kubo(binary: string, cwd: string, repository: string, ...args: string[]): CommandLine {
  return { argv: [binary, ...args], cwd, env: { IPFS_PATH: repository, IPFS_TELEMETRY: 'off' } }
}

export function initKubo(binary: string, repository: string): void {
  mkdirSync(repository, { recursive: true })
  runQuietly(kubo(binary, repository, repository, 'init', '--profile=unixfs-v1-2025,test'))
}

/** Runs what is not measured; its standard output. */
export function runQuietly({ argv, cwd, env }: CommandLine): string {
  const [file, ...args] = argv
  const done = spawnSync(file!, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (done.status !== 0) throw new Error(`${argv.join(' ')} ended with ${done.status}: ${done.stderr}`)
  return done.stdout
}

/**
 * Runs what is not measured, and throws unless it prints these lines, of those that `counts` (default: all): both tools must
 * do the same work.
 */
export function expectLines(
  command: CommandLine,
  expected: readonly string[],
  counts: (line: string) => boolean = () => true,
): void {
  const found = linesOf(command).filter(counts)
  if (found.length === expected.length && found.every((line, at) => line === expected[at])) return
  const first = found.find((line, at) => line !== expected[at]) ?? '(none)'
  throw new Error(
    `${command.argv.join(' ')} printed ${found.length} lines, not the ${expected.length} expected: ${first} …`,
  )
}

/** The lines that a command prints. */
export function linesOf(command: CommandLine): string[] {
  return runQuietly(command).split('\n').slice(0, -1)
}

export interface RunningDaemon {
  pid: number
  peerId: string
  address: string
  /** Where it listens for HTTP. */
  http: string
  stop(): Promise<void>
}

/** Starts `jzfs daemon` for a home and waits until it answers. */
export async function startDaemon(home: string): Promise<RunningDaemon> {
  const { argv, env } = jzfs(home, home, 'daemon', '--http-port', '0')
  mkdirSync(home, { recursive: true })
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: home,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const listening = await waitUntilListening(home)
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { pid: child.pid!, ...listening, stop }
}

async function waitUntilListening(home: string): Promise<Pick<RunningDaemon, 'peerId' | 'address' | 'http'>> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { argv, env } = jzfs(home, home, 'id', '--json')
    const done = spawnSync(argv[0]!, argv.slice(1), { cwd: home, env: { ...process.env, ...env }, encoding: 'utf8' })
    const { peerId, addresses, http } = JSON.parse(done.status === 0 ? done.stdout : '{}') as Identity
    const [address] = addresses ?? []
    if (peerId !== undefined && address !== undefined && http !== undefined) return { peerId, address, http }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no daemon answers in ${home}`)
}

/** What `jzfs id --json` says of a node. */
interface Identity {
  peerId?: string
  addresses?: string[]
  http?: string
}

/** A repository that a home publishes: its IPNS name, and what it is called in URLs. */
export interface PublishedRepository {
  name: string
  repository: string
}

/** Publishes all branches of a repository from a home. */
export function publishAll(path: string, home: string): PublishedRepository {
  const document: unknown = JSON.parse(runQuietly(jzfs(path, home, 'publish', '--all', '--json')))
  return (document as { repository: PublishedRepository }).repository
}
