import { spawnSync } from 'node:child_process'

import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { dateOf } from '../../../src/model/commit/date.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { putTree } from '../../support/put-tree.ts'
import { createRandom } from '../../support/random.ts'

/** A commit to be made: the lines of its files by path; parents are positions of earlier ones. */
interface TextCommit {
  parents: number[]
  files: Map<string, string[]>
}

/** What generated histories are like. */
export interface TextHistoryShape {
  seed: number
  commits: number
  /** How many lines there are to choose from; undefined: every new line is another one. */
  distinct?: number
}

/** A history of texts with branches, merges and renames. */
export function makeTextHistory({ seed, commits, distinct }: TextHistoryShape): TextCommit[] {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  let fresh = 0
  const line = () => (distinct === undefined ? `line ${fresh++} of the text\n` : `word ${below(distinct)}\n`)
  const edit = (lines: string[]): string[] => {
    const [at, length] = [below(lines.length + 1), below(4)]
    const added = Array.from({ length: below(4) }, line)
    return lines.toSpliced(at, length, ...added)
  }
  /** One text with lines that only the other has put in somewhere. */
  const mix = (one: string[], other: string[]): string[] => {
    const mixed = [...one]
    for (const each of other) if (!one.includes(each) && below(3) > 0) mixed.splice(below(mixed.length + 1), 0, each)
    return mixed
  }
  const made: TextCommit[] = []
  for (let at = 0; at < commits; at++) {
    const count = at === 0 ? 0 : below(4) === 0 ? 2 : 1
    const parents = [...new Set(Array.from({ length: count }, () => Math.max(0, at - 1 - below(4))))]
    const files = new Map(made[parents[0] ?? -1]?.files)
    if (at === 0) files.set('a', Array.from({ length: 30 }, line)).set('other', Array.from({ length: 10 }, line))
    for (const [path, lines] of made[parents[1] ?? -1]?.files ?? []) files.set(path, mix(files.get(path) ?? [], lines))
    for (const [path, lines] of Array.from(files)) {
      if (below(3) > 0) files.set(path, edit(lines))
      if (below(8) > 0) continue
      const text = files.get(path) as string[]
      files.delete(path)
      files.set(['a', 'b', 'd/c', 'd/e'][below(4)] as string, text)
    }
    made.push({ parents, files })
  }
  return made
}

/** The history as blocks of ours, and in a new repository of git in a folder. */
export function storeTextHistory(folder: string, made: readonly TextCommit[]) {
  const source = new MemoryBlocks()
  const cids: CID[] = []
  const stream: string[] = []
  for (const [at, { parents, files }] of made.entries()) {
    const seconds = 1_700_000_000 + at * 100
    const by = { name: `A${at % 3}`, email: 'a@x', date: dateOf(new Date(seconds * 1000), 60) }
    const entries: Record<string, Parameters<typeof putTree>[1]> = {}
    const below: Record<string, string> = {}
    for (const [path, lines] of files) {
      if (path.startsWith('d/')) below[path.slice(2)] = lines.join('')
      else entries[path] = lines.join('')
    }
    const tree = putTree(source, {
      entries: { ...entries, ...(Object.keys(below).length > 0 && { d: { entries: below } }) },
    })
    const parentCids = parents.map((parent) => cids[parent] as CID)
    const commit = encodeCommit({ tree: tree.cid, parents: parentCids, author: by, committer: by, message: `${at}` })
    source.put(commit)
    cids.push(commit.cid)
    stream.push(`commit refs/heads/c${at}\nmark :${at + 1}\ncommitter ${by.name} <a@x> ${seconds} +0100`)
    stream.push(`data ${String(at).length}\n${at}`)
    for (const [nth, parent] of parents.entries()) stream.push(`${nth === 0 ? 'from' : 'merge'} :${parent + 1}`)
    stream.push('deleteall')
    for (const [path, lines] of files) {
      stream.push(`M 100644 inline ${path}\ndata ${lines.join('').length}\n${lines.join('')}`)
    }
  }
  const run = (args: string[], input = '') => {
    const { stdout, stderr, status } = spawnSync('git', ['-C', folder, ...args], { input, maxBuffer: 1 << 28 })
    if (status !== 0) throw new Error(stderr.toString())
    return stdout.toString()
  }
  run(['init', '-q', '--bare'])
  run(['fast-import', '--quiet'], `${stream.join('\n')}\n`)
  return { source, cids, git: run }
}

/** What `git blame --porcelain` says, by the position of commits: `commit line:path previous` for each line. */
export function blameOfGit(git: (args: string[]) => string, args: readonly string[]): string[] {
  const summaries = new Map<string, { summary?: string; path?: string; previous?: string }>()
  const blamed: { hash: string; line: string }[] = []
  for (const row of git(['blame', '--line-porcelain', ...args]).split('\n')) {
    const header = /^([0-9a-f]{40}) (\d+) \d+/.exec(row)
    if (header !== null) blamed.push({ hash: header[1] as string, line: header[2] as string })
    const { hash = '', line = '' } = blamed.at(-1) ?? {}
    const key = `${hash} ${line} ${blamed.length}`
    const facts = summaries.get(key) ?? {}
    if (row.startsWith('summary ')) facts.summary = row.slice(8)
    if (row.startsWith('filename ')) facts.path = row.slice(9)
    if (row.startsWith('previous ')) facts.previous = row.slice(50)
    summaries.set(key, facts)
  }
  return blamed.map(({ hash, line }, at) => {
    const { summary, path, previous = '' } = summaries.get(`${hash} ${line} ${at + 1}`) ?? {}
    return `${summary} ${line} ${path} ${previous}`
  })
}
