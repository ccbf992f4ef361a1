import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { temporaryFolder } from './repository.ts'
import { runHere } from './run-here.ts'

/**
 * One step for git and for us: a command line (without quoting: words are parted by single spaces), or files to write (or
 * to remove: null). `exits` says where we exit with another status than git, on purpose: git's, then ours.
 */
export type Step = string | Readonly<Record<string, string | null>> | { run: string; exits: readonly [number, number] }

/** What there is after a step. */
interface Seen {
  step: string
  /** git's exit status, and ours. */
  exits: readonly [number, number]
  /** As `status --porcelain` prints it, after commands that do not only prepare others. */
  short?: string
  /** The commits of HEAD, by their subjects. */
  log?: string
  branch?: string
}

/** A script that was run by both. */
export interface RanBoth {
  /** Our folder. */
  top: string
  /** After each step: to be equal. */
  ours: Seen[]
  theirs: Seen[]
}

/** Runs a script with git and with us, each in a folder of its own, up to the first step after which they differ. */
export async function runBoth(steps: readonly Step[]): Promise<RanBoth> {
  const root = temporaryFolder()
  const [top, other] = [join(root, 'ours'), join(root, 'theirs')]
  for (const each of [top, other]) mkdirSync(each)
  const ran: RanBoth = { top, ours: [], theirs: [] }
  let clock = 1_767_225_600
  for (const given of ['init -q -b main', ...steps]) {
    clock += 60
    if (typeof given !== 'string' && !isExpected(given)) {
      for (const each of [top, other]) writeFiles(each, given)
      continue
    }
    const { run: step, exits } = typeof given === 'string' ? { run: given, exits: undefined } : given
    const words = step.split(' ')
    const mine = await runHere(top, words, { SOURCE_DATE_EPOCH: String(clock) })
    const { status } = runGit(other, words, clock)
    const isCompared = !PREPARING.has(words[0] as string)
    const ours = { step, exits: [status, mine.status] as const, ...(isCompared ? await seeOurs(top) : {}) }
    const theirs = { step, exits: exits ?? ([status, status] as const), ...(isCompared ? seeTheirs(other) : {}) }
    ran.ours.push(ours)
    ran.theirs.push(theirs)
    if (!isDeepStrictEqual(ours, theirs)) return ran
  }
  return ran
}

/** After these nothing is compared but the exit status: other tests do that. */
const PREPARING = new Set(['init', 'add', 'commit', 'switch'])

function isExpected(step: Exclude<Step, string>): step is { run: string; exits: readonly [number, number] } {
  return Array.isArray(step['exits' as keyof typeof step])
}

function writeFiles(top: string, files: Readonly<Record<string, string | null>>): void {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) rmSync(join(top, path), { recursive: true })
    else {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      writeFileSync(join(top, path), content)
    }
  }
}

function runGit(cwd: string, words: readonly string[], clock: number) {
  const date = `${clock} +0000`
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_EDITOR: 'true',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.org',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
    GIT_COMMITTER_DATE: date,
  }
  const { status, stdout, stderr } = spawnSync('git', words, { cwd, env })
  return { status: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString() }
}

type Scene = Required<Pick<Seen, 'short' | 'log' | 'branch'>>

async function seeOurs(top: string): Promise<Scene> {
  const print = async (...words: string[]): Promise<string> => (await runHere(top, words)).stdout
  return {
    short: await print('status', '--porcelain'),
    log: await print('log', '--first-parent', '--format=%s'),
    branch: await print('branch', '--show-current'),
  }
}

function seeTheirs(top: string): Scene {
  const print = (...words: string[]): string => runGit(top, words, 0).stdout
  return {
    short: print('status', '--porcelain'),
    log: print('log', '--first-parent', '--format=%s'),
    branch: print('branch', '--show-current'),
  }
}
