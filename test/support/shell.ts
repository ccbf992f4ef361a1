import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import type { Ended } from './jzfs.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The bundle that is tested; `JZFS_MAIN` names another one. */
const MAIN = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js')

/** What every script finds: `jzfs`, the same as another user (`nobody`), and a repository with one commit (`dataset`). */
const PRELUDE = `
set -u
jzfs() { "$NODE" "$MAIN" "$@"; }
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$NODE" "$MAIN" "$@"; }
dataset() {
  mkdir "$1" && cd "$1" && jzfs init -q || exit 90
  mkdir d && echo one > d/one && echo two > d/two && head -c 3000000 /dev/zero | tr '\\0' "\${2:-x}" > big || exit 91
  jzfs add . && jzfs commit -q -m first || exit 92
}
`

/** A folder in which scripts are run: from the bundle, by bash. */
export interface Shell {
  folder: string
  /** Runs a script to its end in the folder. */
  run(script: string): Ended
  /** The same without waiting. */
  start(script: string): Promise<Ended>
  /** The same on a file system of its own, mounted by `mount ARGUMENTS FOLDER`. */
  runMounted(mount: string, script: string): Ended
}

/** Makes an empty folder for scripts, which goes when the test ends. */
export function createShell(): Shell {
  const root = temporaryFolder()
  const folder = join(root, 'work')
  mkdirSync(folder)
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE: process.execPath,
    MAIN,
    HOME: root,
    LC_ALL: 'C.UTF-8',
    JZFS_HOME: join(root, 'home'),
    JZFS_AUTHOR_NAME: 'Ann',
    JZFS_AUTHOR_EMAIL: 'ann@example.org',
  }
  const options = { cwd: folder, env }
  const runIn = (command: string, args: string[]): Ended => {
    const { status, signal, stdout, stderr } = spawnSync(command, args, { ...options, encoding: 'utf8' })
    return { status: status ?? signal, stdout, stderr }
  }
  return {
    folder,
    run: (script) => runIn('bash', ['-c', PRELUDE + script]),
    start: (script) =>
      new Promise((resolve) => {
        const child = spawn('bash', ['-c', PRELUDE + script], options)
        const printed = { stdout: '', stderr: '' }
        child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text))
        child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text))
        child.once('close', (code, signal) => resolve({ status: code ?? signal, ...printed }))
      }),
    runMounted: (mount, script) => {
      const mounted = `mount ${mount} '${folder}' && cd '${folder}' || exit 93\n`
      return runIn('unshare', ['-rm', 'bash', '-c', PRELUDE + mounted + script])
    },
  }
}

/** Whether a file system can be mounted here; says so where it cannot. */
export function canMount(): boolean {
  return isPossible('mounting a file system', 'unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'])
}

/** Whether jzfs can be run as another user; says so where it cannot. */
export function canSwitchUser(): boolean {
  const args = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, MAIN, '--version']
  return isPossible('being another user', 'setpriv', args)
}

function isPossible(what: string, command: string, args: string[]): boolean {
  const can = spawnSync(command, args).status === 0
  if (!can) process.stderr.write(`SKIPPED: ${what} is not possible here\n`)
  return can
}

/** A refusal, taken apart: what it says, and anything else that was printed. */
interface Refusal {
  status: Ended['status']
  stdout: string
  message: string | undefined
  hint: string | undefined
  more: string[]
}

/** What a command said that refused, to be compared with `refusal`. */
export function refused({ status, stdout, stderr }: Ended): Refusal {
  const [message, hint, ...more] = stderr.trimEnd().split('\n')
  return { status, stdout, message, hint, more }
}

/** What a refusal is like: one line that says what is wrong and names it, one with the remedy, and nothing else. */
export function refusal(status: number, message: RegExp, hint: RegExp): Refusal {
  return {
    status,
    stdout: '',
    message: expect.stringMatching(new RegExp(`^jzfs: .*(?:${message.source})`)) as string,
    hint: expect.stringMatching(new RegExp(`^hint: .*(?:${hint.source})`)) as string,
    more: [],
  }
}
