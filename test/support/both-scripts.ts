import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect } from 'vitest'

import { temporaryFolder } from './repository.ts'
import { runHere } from './run-here.ts'

/**
 * One step for git and for us: a command line (without quoting: words are parted by single spaces), or files to write (or
 * to remove: null). `exits` says where we exit with another status than git, on purpose: git's, then ours.
 */
export type Step = string | Readonly<Record<string, string | null>> | { run: string; exits: readonly [number, number] }

/** What both have after a step. */
interface Seen {
  status: number
  /** As `status --short` prints it. */
  short: string
  /** The commits of HEAD, by their subjects. */
  log: string
  head: string
}

/**
 * Runs a script with git and with us, each in a folder of its own: after every command both have the same exit status, and,
 * unless it only prepares others, the same `status --short`, branch and commits. Returns our folder.
 */
export async function runBoth(steps: readonly Step[]): Promise<string> {
  const root = temporaryFolder()
  const [ours, theirs] = [join(root, 'ours'), join(root, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  let clock = 1_767_225_600
  for (const [at, step] of ['init -q -b main', ...steps].entries()) {
    clock += 60
    if (typeof step !== 'string' && !isExpected(step)) {
      for (const top of [ours, theirs]) writeFiles(top, step)
      continue
    }
    const { run: line, exits } = typeof step === 'string' ? { run: step, exits: undefined } : step
    const words = line.split(' ')
    const where = `step ${at}: ${line}`
    const mine = await runHere(ours, words, { SOURCE_DATE_EPOCH: String(clock) })
    const other = runGit(theirs, words, clock)
    expect([other.status, mine.status], `${where}\n${other.stderr}\n${mine.stderr}`).toEqual(
      exits ?? [other.status, other.status],
    )
    if (!PREPARING.has(words[0] as string))
      expect(await seeOurs(ours, mine.status), where).toEqual(seeTheirs(theirs, mine.status))
  }
  return ours
}

/** After these the scene is not compared: other tests do that. */
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

async function seeOurs(top: string, status: number): Promise<Seen> {
  const print = async (...words: string[]): Promise<string> => (await runHere(top, words)).stdout
  return {
    status,
    short: await print('status', '--porcelain'),
    log: await print('log', '--first-parent', '--format=%s'),
    head: await print('branch', '--show-current'),
  }
}

function seeTheirs(top: string, status: number): Seen {
  const print = (...words: string[]): string => runGit(top, words, 0).stdout
  return {
    status,
    short: print('status', '--porcelain'),
    log: print('log', '--first-parent', '--format=%s'),
    head: print('branch', '--show-current'),
  }
}
