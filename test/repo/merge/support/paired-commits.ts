import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../../../src/model/commit/commit.ts'
import { dateOf } from '../../../../src/model/commit/date.ts'
import { compareNames } from '../../../../src/model/compare.ts'
import type { NodeEntry } from '../../../../src/model/tree/tree-diff.ts'
import { walkTree } from '../../../../src/model/tree/tree-walk.ts'
import { readFile } from '../../../../src/model/unixfs/file-content.ts'
import { createCommitGraph } from '../../../../src/repo/history/commit-graph.ts'
import { mergeCommits } from '../../../../src/repo/merge/merge-commits.ts'
import type { MergeOptions, TreeMerge } from '../../../../src/repo/merge/tree-merge.ts'
import { MemoryBlocks } from '../../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../../support/memory-tree.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** One commit of a generated history: parents are positions of earlier ones. */
export interface PlannedCommit {
  parents: number[]
  leaves: ReadonlyMap<string, Leaf>
}

/** A merge in a form in which git's and ours can be compared. */
export interface ComparableMerge {
  isClean: boolean
  /** `mode hash path` of each file, in order. */
  tree: string[]
  /** `mode hash stage path` of each version of each path in conflict, in order. */
  stages: string[]
}

/** The same commits as blocks of ours, and in a repository of real git. */
export interface PairedCommits {
  blocks: MemoryBlocks
  commits: CID[]
  trees: CID[]
  /** The repository of git: bare, with a branch `c0`, `c1`, … for each commit. */
  repository: string
  /** Merges two of them in both ways. What differs on purpose is left out. */
  compare(
    ours: number,
    theirs: number,
    args?: readonly string[],
    options?: MergeOptions,
  ): Promise<{ git: ComparableMerge; ours: ComparableMerge; said: string; bases: number }>
}

/** Writes commits into a temporary repository of git, and as blocks. */
export function pairCommits(planned: readonly PlannedCommit[]): PairedCommits {
  const blocks = new MemoryBlocks()
  const trees = planned.map(({ leaves }) => buildTree(blocks, Object.fromEntries(leaves)))
  const commits: CID[] = []
  for (const [at, { parents }] of planned.entries()) {
    const by = { name: 'A', email: 'a@x', date: dateOf(new Date((1_600_000_000 + 60 * at) * 1000), 0) }
    const commit = encodeCommit({
      tree: trees[at] as CID,
      parents: parents.map((parent) => commits[parent] as CID),
      author: by,
      committer: by,
      message: `${at}`,
    })
    blocks.put(commit)
    commits.push(commit.cid)
  }
  const repository = temporaryFolder()
  const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', LC_ALL: 'C' }
  const git = (args: readonly string[], input?: string | Buffer) =>
    execFileSync('git', ['-C', repository, ...args], { input, encoding: 'utf8', maxBuffer: 1 << 28, env })
  git(['init', '-q', '--bare'])
  git(['fast-import', '--quiet'], importStream(planned))
  const graph = createCommitGraph(blocks)
  const mergeByGit = (
    ours: number,
    theirs: number,
    args: readonly string[],
  ): ComparableMerge & { messages: string } => {
    const command = [
      'merge-tree',
      '--write-tree',
      '-z',
      '--messages',
      '--allow-unrelated-histories',
      `c${ours}`,
      `c${theirs}`,
    ]
    const all = ['-C', repository, ...args, ...command]
    const { status, stdout, stderr } = spawnSync('git', all, { encoding: 'utf8', env, maxBuffer: 1 << 28 })
    if (status !== 0 && status !== 1) throw new Error(`git merge-tree: ${stderr}`)
    const [head = '', ...rest] = stdout.split('\0')
    const end = rest.indexOf('')
    const stages = rest.slice(0, Math.max(end, 0)).map((line) => line.replace('\t', ' '))
    const tree = git(['ls-tree', '-r', '-z', head]).split('\0').slice(0, -1)
    return {
      isClean: status === 0,
      tree: tree.map((line) => line.replace(/ blob (\w+)\t/, ' $1 ')),
      stages: [...new Set(stages)].sort(),
      messages: rest.slice(end + 1).join('\n'),
    }
  }
  const merge = async (ours: number, theirs: number, options: MergeOptions) => {
    const made = new MemoryBlocks()
    const source = { get: (cid: CID) => made.get(cid).catch(() => blocks.get(cid)) }
    const pair = { ours: commits[ours] as CID, theirs: commits[theirs] as CID }
    const labels = { ours: `c${ours}`, theirs: `c${theirs}` }
    const receive = made.put.bind(made)
    const merged = await mergeCommits({ store: blocks, graph }, receive, pair, { labels, ...options })
    return { merged, comparable: await comparableMerge(source, merged) }
  }
  return {
    blocks,
    commits,
    trees,
    repository,
    async compare(ours, theirs, args = [], options = {}) {
      const { messages, ...byGit } = mergeByGit(ours, theirs, args)
      const { merged, comparable } = await merge(ours, theirs, options)
      const said = `${messages}\n${merged.notes.map(({ text }) => text).join('\n')}`
      const [one, other] = [planned[ours]?.leaves, planned[theirs]?.leaves]
      const isSameOnBoth = (path: string) =>
        one?.has(path) === true && JSON.stringify(one.get(path)) === JSON.stringify(other?.get(path))
      const compared = withoutIntended(byGit, comparable, merged, messages, isSameOnBoth)
      return { ...compared, said, bases: merged.bases.length }
    },
  }
}

/** Leaves out what `src/repo/merge/README.md` lists as different on purpose. */
function withoutIntended(
  git: ComparableMerge,
  ours: ComparableMerge,
  { conflicts }: TreeMerge,
  messages: string,
  isSameOnBoth: (path: string) => boolean,
): { git: ComparableMerge; ours: ComparableMerge } {
  // Of files in a directory that was renamed no one knows where git says nothing in its index: we name them.
  const isUnclear = (text: string) => /^CONFLICT \((directory rename split|implicit dir rename)\)/m.test(text)
  const unclear = conflicts.filter(({ message }) => isUnclear(message)).map(({ path }) => path)
  // What git moves, for its directory, to a path from which that side itself moved a file, it then loses.
  const isAt = (line: string, path: string) => line.endsWith(` ${path}`)
  const lost = conflicts.flatMap(({ path, kind }) => {
    const isMoved = kind === 'directory-rename' && messages.includes(`should perhaps be moved to ${path}.`)
    return isMoved && ![...git.tree, ...git.stages].some((line) => isAt(line, path)) ? [path] : []
  })
  // Where one side moved a file to where both have the same one, git drops what the other side did at the old path.
  const dropped = conflicts.map(({ path }) => path).filter(isSameOnBoth)
  const without = (lines: string[], paths: string[]) => lines.filter((line) => !paths.some((path) => isAt(line, path)))
  const isClean = isUnclear(messages) || dropped.length > 0 ? git.isClean : ours.isClean
  const [left, kept] = [
    [...unclear, ...lost, ...dropped],
    [...lost, ...dropped],
  ]
  // Where git moves a file, for its directory, to where a directory is, or to below a file, what it writes is broken.
  if (isBroken([...git.tree, ...git.stages])) return { git, ours: git }
  return {
    git: { ...git, tree: without(git.tree, dropped), stages: without(git.stages, left) },
    ours: { isClean, tree: without(ours.tree, kept), stages: without(ours.stages, left) },
  }
}

/** Whether a path is both a file and a directory, or nothing at all. */
function isBroken(lines: string[]): boolean {
  if (lines.some((line) => /^(000000|160000) /.test(line))) return true
  const paths = new Set(lines.map((line) => line.replace(/^\d+ \w+ ([123] )?/, '')))
  return [...paths].some((path) => {
    const parts = path.split('/')
    return parts.some((_, count) => count > 0 && paths.has(parts.slice(0, count).join('/')))
  })
}

async function comparableMerge(source: Pick<MemoryBlocks, 'get'>, merge: TreeMerge): Promise<ComparableMerge> {
  const hash = (entry: NodeEntry) => gitEntry(source, entry)
  const tree: string[] = []
  for await (const { path, entry, node } of walkTree(source, merge.tree)) {
    if (node.kind !== 'directory') tree.push(`${await hash({ ...entry, node })} ${path}`)
  }
  const stages: string[] = []
  for (const { path, stages: versions } of merge.conflicts) {
    for (const [at, entry] of [versions.base, versions.ours, versions.theirs].entries()) {
      if (entry !== undefined) stages.push(`${await hash(entry)} ${at + 1} ${path}`)
    }
  }
  const byPath = (line: string) => line.slice(line.indexOf(' ', 8) + 1)
  tree.sort((a, b) => compareNames(byPath(a), byPath(b)))
  return { isClean: merge.conflicts.length === 0, tree, stages: stages.sort() }
}

/** `mode hash`, as git has it. */
async function gitEntry(source: Pick<MemoryBlocks, 'get'>, { cid, node }: NodeEntry): Promise<string> {
  const pieces: Uint8Array[] = []
  if (node.kind === 'symlink') pieces.push(Buffer.from(node.target as string))
  else for await (const piece of readFile(source, cid)) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const hash = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  return `${{ file: '100644', executable: '100755', symlink: '120000', directory: '040000' }[node.kind]} ${hash}`
}

function importStream(planned: readonly PlannedCommit[]): Buffer {
  const pieces: Buffer[] = []
  const line = (text: string) => pieces.push(Buffer.from(`${text}\n`))
  const data = (bytes: Uint8Array) => {
    line(`data ${bytes.length}`)
    pieces.push(Buffer.from(bytes), Buffer.from('\n'))
  }
  for (const [at, { parents, leaves }] of planned.entries()) {
    line(`commit refs/heads/c${at}\nmark :${at + 1}\ncommitter A <a@x> ${1_600_000_000 + 60 * at} +0000`)
    data(Buffer.from(`${at}`))
    for (const [nth, parent] of parents.entries()) line(`${nth === 0 ? 'from' : 'merge'} :${parent + 1}`)
    line('deleteall')
    for (const [path, leaf] of leaves) {
      const [mode, content] = modeAndContent(leaf)
      line(`M ${mode} inline ${join(path)}`)
      data(content)
    }
    line('')
  }
  return Buffer.concat(pieces)
}

function modeAndContent(leaf: Leaf): [string, Uint8Array] {
  if (typeof leaf === 'string' || leaf instanceof Uint8Array) return ['100644', Buffer.from(leaf)]
  if ('executable' in leaf) return ['100755', Buffer.from(leaf.executable)]
  if ('link' in leaf) return ['120000', Buffer.from(leaf.link)]
  throw new TypeError('git knows no empty directories')
}
