import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import {
  folderContent,
  type FolderContent,
  removeEmptyFolders,
  withoutEmpty,
} from '../../worktree/support/folder-content.ts'
import { git } from '../../worktree/support/git.ts'

const IGNORED = '*.log\nbuild/\n!keep.log\n/only-here\n'

/** One history made by both tools at once: commits are known by their position, whatever each calls them. */
export interface PairedHistory {
  /** The two working trees. */
  tops: { ours: string; theirs: string }
  /** How many commits were made. */
  count: number
  /** The names that `jzfs` and `git` have for the commit at a position. */
  names(position: number): { ours: string; theirs: string }
  /** Does the same to both working trees. */
  edit(change: (top: string) => void): void
  /** Runs a command of jzfs that must end with 0 (or, if said, with 1); its standard output. */
  jzfs(args: readonly string[], may?: readonly number[]): Promise<Ended>
  git(args: readonly string[]): string
  /** Runs a command of git that may fail: what it said, where it did. */
  tryGit(args: readonly string[]): string | undefined
  /** Commits what is staged in both, at the next date. */
  commit(): Promise<number>
  /** Notes HEAD of both as one commit, if it is a new one. */
  noteHead(): Promise<void>
  /** Lines of output with the names of commits replaced by `<position>`. */
  positions(output: string): string[]
  /** What is in both working trees, without empty folders. */
  files(): { ours: FolderContent; theirs: FolderContent }
  /** Takes folders away that have nothing in them: git does not know them. */
  removeEmptyFolders(): void
}

export interface Ended {
  status: number
  stdout: string
}

/** Makes two empty repositories with the same ignore rules. Dates go on by `stepSeconds`, which may go back. */
export async function openPairedHistory(stepSeconds: () => number): Promise<PairedHistory> {
  const folder = temporaryFolder()
  const tops = { ours: join(folder, 'ours'), theirs: join(folder, 'theirs') }
  for (const top of Object.values(tops)) mkdirSync(top)
  git(tops.theirs, ['init', '-q', '-b', 'main'])
  for (const [name, value] of Object.entries({ 'user.name': 'A', 'user.email': 'a@x', 'core.quotePath': 'false' }))
    git(tops.theirs, ['config', name, value])
  writeFileSync(join(tops.theirs, '.git', 'info', 'exclude'), IGNORED)
  const history = new BothTools(tops, stepSeconds)
  await history.jzfs(['init', '-q'])
  mkdirSync(join(tops.ours, '.jzfs', 'info'), { recursive: true })
  writeFileSync(join(tops.ours, '.jzfs', 'info', 'exclude'), IGNORED)
  return history
}

class BothTools implements PairedHistory {
  readonly tops: { ours: string; theirs: string }
  readonly #stepSeconds: () => number
  readonly #names: { ours: string; theirs: string }[] = []
  readonly #positions = new Map<string, number>()
  #seconds = 1_600_000_000

  constructor(tops: { ours: string; theirs: string }, stepSeconds: () => number) {
    this.tops = tops
    this.#stepSeconds = stepSeconds
  }

  get count(): number {
    return this.#names.length
  }

  names(position: number): { ours: string; theirs: string } {
    return this.#names[position] as { ours: string; theirs: string }
  }

  edit(change: (top: string) => void): void {
    for (const top of Object.values(this.tops)) change(top)
  }

  async jzfs(args: readonly string[], may: readonly number[] = [0]): Promise<Ended> {
    const date = new Date(this.#seconds * 1000).toISOString().replace(/\.\d+Z$/, '+00:00')
    const env = { JZFS_AUTHOR_DATE: date, JZFS_COMMITTER_DATE: date, JZFS_AUTHOR_NAME: 'A', JZFS_AUTHOR_EMAIL: 'a@x' }
    const { status, stdout, stderr } = await runHere(this.tops.ours, [...args], env)
    expect(may, `jzfs ${args.join(' ')}: ${status}, ${stderr}`).toContain(status)
    return { status, stdout }
  }

  git(args: readonly string[]): string {
    return git(this.tops.theirs, args, undefined, this.#dates()).toString()
  }

  tryGit(args: readonly string[]): string | undefined {
    try {
      this.git(args)
      return undefined
    } catch (error) {
      return String(error)
    }
  }

  async commit(): Promise<number> {
    this.#seconds += this.#stepSeconds()
    const message = `commit ${this.count}`
    await this.jzfs(['commit', '-q', '--allow-empty', '-m', message])
    this.git(['commit', '-q', '--allow-empty', '-m', message])
    await this.noteHead()
    return this.count - 1
  }

  async noteHead(): Promise<void> {
    const ours = (await this.jzfs(['rev-parse', 'HEAD'])).stdout.trim()
    const theirs = this.git(['rev-parse', 'HEAD']).trim()
    expect(this.#positions.get(ours), 'both are at the same commit').toBe(this.#positions.get(theirs))
    if (this.#positions.has(ours)) return
    for (const name of [ours, theirs]) this.#positions.set(name, this.count)
    this.#names.push({ ours, theirs })
  }

  positions(output: string): string[] {
    const words = output.split('\n').slice(0, -1)
    return words.map((line) => line.replaceAll(/\w{40,}/g, (name) => `<${this.#positions.get(name) ?? name}>`))
  }

  files(): { ours: FolderContent; theirs: FolderContent } {
    return { ours: withoutEmpty(folderContent(this.tops.ours)), theirs: withoutEmpty(folderContent(this.tops.theirs)) }
  }

  removeEmptyFolders(): void {
    this.edit((top) => removeEmptyFolders(top))
  }

  #dates(): Record<string, string> {
    const date = `@${this.#seconds} +0000`
    return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  }
}
