import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, onTestFinished } from 'vitest'

import { temporaryFolder } from './repository.ts'

/** The bundle that is tested; `JZFS_MAIN` names another one. */
const MAIN = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js')

/** How a process of jzfs ended, and what it printed. */
export interface Ended {
  /** The exit status, or the signal that ended it. */
  status: number | NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A process of jzfs that runs. */
export interface Running {
  process: ChildProcess
  /** Waits until it has printed this, on either stream; what it printed so far. Throws where it ends before. */
  until(text: string): Promise<string>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
  ended: Promise<Ended>
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
}

/** A node home of a test, with a folder to work in: everything is run in processes of its own, from the bundle. */
export interface Node {
  home: string
  folder: string
  /** Runs a command to its end. */
  jzfs(args: string[], options?: RunOptions): Promise<Ended>
  /** Starts a command that goes on. */
  start(args: string[], options?: RunOptions): Running
  /** Starts `jzfs daemon` and waits until it is ready. */
  daemon(): Promise<Running & { address: string; peerId: string }>
}

/** Makes an empty node home; its processes are ended, and its files removed, when the test ends. */
export function createNode(): Node {
  const root = temporaryFolder()
  const [home, folder] = [join(root, 'home'), join(root, 'work')]
  mkdirSync(folder)
  const environment = {
    ...process.env,
    HOME: root,
    JZFS_HOME: home,
    JZFS_AUTHOR_NAME: 'Ann',
    JZFS_AUTHOR_EMAIL: 'ann@example.org',
    XDG_RUNTIME_DIR: root,
  }
  const start = (args: string[], { cwd = folder, env = {} }: RunOptions = {}): Running => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return watch(child, args)
  }
  return {
    home,
    folder,
    start,
    jzfs: (args, options) => start(args, options).ended,
    async daemon() {
      const running = start(['daemon'])
      const text = await running.until('Ready.')
      const address = /listening on (\S+)/.exec(text)?.[1] ?? ''
      return { ...running, address, peerId: address.split('/').at(-1)! }
    },
  }
}

function watch(child: ChildProcess, args: string[]): Running {
  const printed = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text))
  let isEnded = false
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      isEnded = true
      resolve({ status: code ?? signal, ...printed })
    })
  })
  return {
    process: child,
    ended,
    async until(text) {
      while (!(printed.stdout + printed.stderr).includes(text)) {
        if (isEnded) throw new Error(`jzfs ${args.join(' ')} ended: ${printed.stdout}${printed.stderr}`)
        await sleep(10)
      }
      return printed.stdout + printed.stderr
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** Shares a folder of a node, and waits until it can be cloned. */
export async function startShare(node: Node, folder: string): Promise<Running & Shared> {
  const running = node.start(['share', folder, '--json'])
  const shared = JSON.parse((await running.until('Press Ctrl-C')).split('\n')[0]!) as Shared & { addresses: string[] }
  return { ...running, ...shared, address: shared.addresses[0]! }
}

/** What `jzfs share --json` says. */
export interface Shared {
  name: string
  commit: string
  tree: string
  address: string
  sequence: string
  changed: boolean
  committed: boolean
}

/** How a clone into the folder `x` of a node was refused, taken apart, and what is left in the node's folder. */
export async function refusedClone(node: Node, args: string[], options?: RunOptions) {
  const { status, stdout, stderr } = await node.jzfs(['clone', ...args], options)
  // What was wrong with what a peer said before is warned of first.
  const [message, hint, ...more] = stderr
    .slice(stderr.search(/^jzfs: /m))
    .trimEnd()
    .split('\n')
  return { status, stdout, message, hint, more, left: readdirSync(node.folder) }
}

/** What a refusal is like: one line that says what is wrong, one with the remedy, and nothing left. */
export function refusal(message: RegExp, status = 128) {
  const [text, hint] = [expect.stringMatching(message), expect.stringMatching(/^hint: ./)]
  return { status, stdout: '', message: text, hint, more: [], left: [] } as Awaited<ReturnType<typeof refusedClone>>
}

/** Waits until a clone into a folder has written so many bytes to its packs. Throws where it ends before. */
export async function untilReceived(folder: string, bytes: number, clone: Running): Promise<void> {
  while (sizeBelow(join(folder, '.jzfs')) < bytes) {
    if (clone.process.exitCode !== null) throw new Error(`the clone ended: ${(await clone.ended).stderr}`)
    await sleep(2)
  }
}

function sizeBelow(folder: string): number {
  try {
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
    return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)
  } catch {
    // It is not there yet, or changes while it is listed.
    return 0
  }
}
