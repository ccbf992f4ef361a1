import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { discard } from './dataset.ts'
import type { CommandLine } from './measure.ts'
import { git, jzfs, runQuietly } from './tools.ts'

/** Where the bench works, and the Kubo binary where there is one. */
export interface Bench {
  directory: string
  kubo: string | undefined
  /** Divides the sizes, for a trial run. */
  scale: number
}

/** A folder of data that a row works on. */
export interface Folder {
  path: string
  /** One file of it, and a size to rewrite it with. */
  sample: { path: string; sizeBytes: number }
}

/** The node home of the commands that are timed. */
export function homeOf(bench: Bench): string {
  return join(bench.directory, 'home')
}

/** Takes away what a tool made of a folder. */
export function clean(path: string, bench: Bench): void {
  discard(join(path, '.jzfs'), join(path, '.git'), join(bench.directory, 'ipfs'))
}

/** Our commands for a first snapshot. */
export function oursSnapshot(path: string, bench: Bench): CommandLine[] {
  const run = (...args: string[]) => jzfs(path, homeOf(bench), ...args)
  return [run('add', '.'), run('commit', '-m', 'bench')]
}

/** Commits a folder with git and with us, so that nothing is left to do. */
export function commitInBoth(path: string, bench: Bench): void {
  clean(path, bench)
  runQuietly(git(path, 'init', '-q'))
  writeFileSync(join(path, '.git', 'info', 'exclude'), '.jzfs\n')
  runQuietly(git(path, 'add', '-A'))
  runQuietly(git(path, 'commit', '-qm', 'bench'))
  runQuietly(jzfs(path, homeOf(bench), 'init'))
  for (const command of oursSnapshot(path, bench)) runQuietly(command)
  runQuietly(git(path, 'status'))
  runQuietly(jzfs(path, homeOf(bench), 'status'))
}
