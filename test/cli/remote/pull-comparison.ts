import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { openPairedHistory, type PairedHistory } from '../against-git/paired-history.ts'

/** How the branch that is pulled into stands to what it follows. */
export const STATES = ['same', 'behind', 'ahead', 'apart', 'conflict', 'dirty', 'dirty-apart'] as const

/** The options of a pull. */
export const OPTIONS = [
  [],
  ['--no-rebase'],
  ['--rebase'],
  ['--ff-only'],
  ['--no-ff'],
  ['--squash', '--no-rebase'],
  ['--no-commit', '--no-rebase'],
  ['-X', 'theirs', '--no-rebase'],
  ['--rebase', '-X', 'theirs'],
  ['--ff-only', '--rebase'],
] as const

/** Two repositories, each in both tools: one is pulled from by the other. */
export interface PullScene {
  clone: PairedHistory
  /** Puts the branch `work`, which follows `main` of the other, and its files into a state. */
  prepare(state: (typeof STATES)[number]): Promise<void>
  /** Runs a command in both and compares how it ended, the history, the index and the files. What ours said. */
  compare(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }>
}

/** Makes the two: the other one has three commits, of which the clone has the first. */
export async function openPullScene(): Promise<PullScene> {
  const upstream = await openPairedHistory(() => 60)
  const clone = await openPairedHistory(() => 60)
  await commitFiles(upstream, { a: '1\n', b: '1\n' })
  const places = { ours: upstream.tops.ours, theirs: upstream.tops.theirs }
  clone.git(['remote', 'add', 'origin', places.theirs])
  await clone.jzfs(['remote', 'add', 'origin', places.ours])
  clone.git(['pull', '-q', 'origin', 'main'])
  await clone.jzfs(['pull', '-q', 'origin', 'main'])
  await both(clone, ['branch', 'start'])
  await commitFiles(upstream, { a: '2\n' })
  await commitFiles(upstream, { c: '2\n' })
  for (const [branch, files] of Object.entries({ apart: { b: 'ours\n' }, conflict: { a: 'ours\n' } })) {
    await both(clone, ['switch', '-q', '-c', branch, 'start'])
    await commitFiles(clone, files)
  }
  return {
    clone,
    prepare: (state) => prepare(clone, state),
    compare: (args) => compare(clone, args),
  }
}

async function prepare(clone: PairedHistory, state: (typeof STATES)[number]): Promise<void> {
  const isDirty = state.startsWith('dirty')
  await clone.jzfs(['switch', '-q', '-f', '--detach', 'start'])
  clone.git(['switch', '-q', '-f', '--detach', 'start'])
  await both(clone, ['fetch', '-q', 'origin'])
  const start = { same: 'origin/main', ahead: 'origin/main', behind: 'start', dirty: 'start' } as Record<string, string>
  await both(clone, ['switch', '-q', '-C', 'work', '--no-track', start[state] ?? state.replace('dirty-', '')])
  await both(clone, ['branch', '-q', '-u', 'origin/main'])
  if (state === 'ahead') await commitFiles(clone, { d: '1\n' })
  if (isDirty) clone.edit((top) => writeFileSync(join(top, 'a'), 'unsaved\n'))
}

async function compare(clone: PairedHistory, args: readonly string[]): ReturnType<PullScene['compare']> {
  const theirs = spawnSync('git', [...args], { cwd: clone.tops.theirs, encoding: 'utf8', env: GIT_ENV })
  const ours = await runHere(clone.tops.ours, [...args], { JZFS_AUTHOR_NAME: 'A', JZFS_AUTHOR_EMAIL: 'a@x' })
  const said = `${args.join(' ')}: ${ours.stderr}${theirs.stderr}`
  const history = ['log', '--format=%s', '--topo-order']
  const found = {
    said,
    isDone: ours.status === 0,
    history: subjects((await clone.jzfs(history)).stdout),
    status: (await clone.jzfs(['status', '-sb'])).stdout.replaceAll(/^~~.*\n/gm, ''),
    files: ours.status === 0 ? clone.files().ours : {},
  }
  expect(found).toEqual({
    said,
    isDone: theirs.status === 0,
    history: subjects(clone.git(history)),
    status: clone.git(['status', '-sb']),
    files: ours.status === 0 ? clone.files().theirs : {},
  })
  await end(clone)
  return ours
}

/** Subjects of commits, without the places that messages of merges name. */
function subjects(text: string): string[] {
  return (
    text
      .replaceAll(/ of \/\S+/g, '')
      // Without a revision git calls what is followed by its full name.
      .replace("branch 'refs/remotes/", "branch '")
      .split('\n')
      .sort()
  )
}

/** Gives up what is in progress. */
async function end(clone: PairedHistory): Promise<void> {
  for (const kind of ['merge', 'rebase']) {
    spawnSync('git', [kind, '--abort'], { cwd: clone.tops.theirs })
    await runHere(clone.tops.ours, [kind, '--abort'])
  }
}

const GIT_ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_EDITOR: 'true',
}

async function commitFiles(history: PairedHistory, files: Record<string, string>): Promise<void> {
  history.edit((top) => {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(top, path), text)
  })
  await both(history, ['add', '.'])
  await history.commit()
}

async function both(history: PairedHistory, args: string[]): Promise<void> {
  history.git(args)
  await history.jzfs(args)
}
