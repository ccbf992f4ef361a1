import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../src/model/block.ts'
import { cidOf, DAG_PB } from '../../src/model/cid.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { dateOf } from '../../src/model/commit/date.ts'
import { compareNames } from '../../src/model/compare.ts'
import { NotFoundError } from '../../src/model/errors.ts'
import type { TreeComparison } from '../../src/repo/history/visit.ts'
import { createRandom } from './random.ts'

/** One commit of a generated history; parents are positions of earlier ones. */
export interface MadeCommit {
  parents: number[]
  seconds: number
  /** Content by path. */
  files: Map<string, string>
}

/** What a history is made of. */
export interface HistoryShape {
  commits: number
  seed: number
  /** Whether clocks go wrong: some dates are equal, some parents are newer than their children. */
  isSkewed: boolean
}

/** A random history with branches, merges (of two and three parents), several roots and reverted changes. */
export function makeHistory({ commits, seed, isSkewed }: HistoryShape): MadeCommit[] {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const made: MadeCommit[] = []
  for (let at = 0; at < commits; at++) {
    const recent = () => Math.max(0, at - 1 - below(Math.min(at, 8)))
    const count = at === 0 || random() < 0.02 ? 0 : random() < 0.25 ? (random() < 0.2 ? 3 : 2) : 1
    const parents = [...new Set(Array.from({ length: count }, recent))]
    const newest = Math.max(1_600_000_000, ...parents.map((parent) => (made[parent] as MadeCommit).seconds))
    const step = isSkewed ? [0, 0, 1, 60, -100, -5000][below(6)] : 1 + at * 10
    made.push({
      parents,
      seconds: isSkewed ? newest + (step as number) : 1_600_000_000 + (step as number),
      files: change(made, parents, below),
    })
  }
  return made
}

const PATHS = ['a', 'b', 'd/x', 'd/y', 'e/f/z']

function change(made: readonly MadeCommit[], parents: readonly number[], below: (limit: number) => number) {
  const parent = parents.length === 0 ? undefined : made[parents[below(parents.length)] as number]
  const files = new Map(parent?.files)
  for (let changes = below(3); changes > 0; changes--) {
    const path = PATHS[below(PATHS.length)] as string
    if (below(5) === 0) files.delete(path)
    else files.set(path, `${below(3)}\n`)
  }
  return files
}

/** The same history twice: as blocks of ours, and in a repository of real git. */
export interface PairedHistory extends Disposable {
  source: BlockSource
  cids: CID[]
  made: readonly MadeCommit[]
  /** Position by the text of our CID. */
  positions: ReadonlyMap<string, number>
  /** Output lines of git with the hashes of commits replaced by `<position>`. */
  git(...args: string[]): string[]
  /** The same at a time in seconds since 1970. */
  gitAt(seconds: number, ...args: string[]): string[]
  /** The revision of git for a position. */
  hash(position: number): string
  /** Whether files under the paths are the same, by what was made. */
  compare(paths: readonly string[]): TreeComparison
}

/** Writes a history into a temporary repository of git, and as blocks. */
export function pairHistory(made: readonly MadeCommit[]): PairedHistory {
  const blocks = new Map<string, Uint8Array>()
  const trees = new Map<string, MadeCommit['files']>()
  const cids: CID[] = []
  for (const [at, { parents, seconds, files }] of made.entries()) {
    // Only the comparison below opens a tree, and it knows what was made.
    const tree = cidOf(DAG_PB, Buffer.from(JSON.stringify(sortedFiles(files))))
    trees.set(tree.toString(), files)
    const person = { name: 'A', email: 'a@x', date: dateOf(new Date(seconds * 1000), 0) }
    const block = encodeCommit({
      tree,
      parents: parents.map((parent) => cids[parent] as CID),
      author: person,
      committer: person,
      message: `${at}`,
    })
    blocks.set(block.cid.toString(), block.bytes)
    cids.push(block.cid)
  }
  const repository = mkdtempSync(join(tmpdir(), 'jzfs-git-'))
  const run = (args: string[], input?: string, env: NodeJS.ProcessEnv = {}) =>
    execFileSync('git', ['-C', repository, ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', ...env },
    })
  run(['init', '-q', '--bare'])
  const marks = join(repository, 'marks')
  run(['fast-import', '--quiet', `--export-marks=${marks}`], importStream(made))
  const hashes = execFileSync('sort', ['-t:', '-k2n', marks], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[1] as string)
  const byHash = new Map(hashes.map((hash, at) => [hash, String(at)]))
  const linesOf = (output: string) => {
    const text = output.trimEnd()
    return text === ''
      ? []
      : text.split('\n').map((line) => line.replaceAll(/[0-9a-f]{40}/g, (hash) => byHash.get(hash) ?? hash))
  }
  return {
    source: memorySource(blocks),
    cids,
    made,
    positions: new Map(cids.map((cid, at) => [cid.toString(), at])),
    hash: (position) => hashes[position] as string,
    git: (...args) => linesOf(run(args)),
    gitAt: (seconds, ...args) => linesOf(run(args, undefined, { GIT_COMMITTER_DATE: `@${seconds} +0000` })),
    compare: (paths) => ({
      async isSame(before, after) {
        const under = (tree: string | undefined) =>
          JSON.stringify(
            sortedFiles((tree === undefined ? undefined : trees.get(tree)) ?? new Map()).filter(([file]) =>
              paths.some((path) => file === path || file.startsWith(`${path}/`)),
            ),
          )
        return under(before) === under(after)
      },
    }),
    [Symbol.dispose]: () => rmSync(repository, { recursive: true }),
  }
}

function sortedFiles(files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].toSorted(([a], [b]) => compareNames(a, b))
}

function importStream(made: readonly MadeCommit[]): string {
  const lines: string[] = []
  for (const [at, { parents, seconds, files }] of made.entries()) {
    lines.push(
      `commit refs/heads/c${at}`,
      `mark :${at + 1}`,
      `author A <a@x> ${seconds} +0000`,
      `committer A <a@x> ${seconds} +0000`,
      `data ${String(at).length}`,
      String(at),
    )
    for (const [nth, parent] of parents.entries()) lines.push(`${nth === 0 ? 'from' : 'merge'} :${parent + 1}`)
    lines.push('deleteall')
    for (const [path, content] of files) lines.push(`M 100644 inline ${path}`, `data ${content.length}`, content)
    lines.push('')
  }
  return lines.join('\n')
}

/** A source of the blocks in a map by CID text. */
export function memorySource(blocks: ReadonlyMap<string, Uint8Array>): BlockSource {
  return {
    async get(cid) {
      const bytes = blocks.get(cid.toString())
      if (bytes === undefined)
        throw new NotFoundError('block-missing', `No block ${cid.toString()}`, { details: { cid: cid.toString() } })
      return bytes
    },
  }
}
