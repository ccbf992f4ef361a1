import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { cidOf, RAW } from '../../src/model/cid.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { dateOf } from '../../src/model/commit/date.ts'
import { buildDirectory, type Entry } from '../../src/model/directory/directory.ts'
import { initRepository } from '../../src/repo/init-repository.ts'
import { updateRef } from '../../src/repo/update-ref.ts'
import { git, runQuietly } from './tools.ts'

/** One commit to be made: what it changes, on top of its first parent. */
export interface SketchedCommit {
  /** Positions of earlier commits. */
  parents: number[]
  message: string
  /** Content by path; every path is `folder/name`. */
  files: Iterable<readonly [path: string, bytes: Uint8Array]>
}

/** A history that is made for both tools: its commits in order, and where its branches stand. */
export interface SketchedHistory {
  commits: () => Iterable<SketchedCommit>
  branches: Record<string, number>
}

const FIRST_SECOND = 1_700_000_000
const WHO = { name: 'Bench', email: 'bench@localhost' }

/** Writes a history into a new repository of git, in one pack. Nothing is checked out. */
export async function makeGitHistory(directory: string, history: SketchedHistory): Promise<void> {
  mkdirSync(directory, { recursive: true })
  runQuietly(git(directory, 'init', '-q', '-b', 'main'))
  const child = spawn('git', ['fast-import', '--quiet'], { cwd: directory, stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  const write = async (piece: string | Uint8Array): Promise<void> => {
    if (!child.stdin.write(piece)) await once(child.stdin, 'drain')
  }
  let position = 0
  for (const { parents, message, files } of history.commits()) {
    const when = `${WHO.name} <${WHO.email}> ${FIRST_SECOND + position * 60} +0000`
    await write(`commit refs/heads/bench-${position}\nmark :${position + 1}\nauthor ${when}\ncommitter ${when}\n`)
    await write(`data ${Buffer.byteLength(message)}\n${message}\n`)
    for (const [nth, parent] of parents.entries()) await write(`${nth === 0 ? 'from' : 'merge'} :${parent + 1}\n`)
    for (const [path, bytes] of files) {
      await write(`M 100644 inline ${path}\ndata ${bytes.length}\n`)
      await write(Buffer.concat([bytes, NEW_LINE]))
    }
    await write(`\nreset refs/heads/bench-${position}\nfrom 0000000000000000000000000000000000000000\n\n`)
    for (const [branch, at] of Object.entries(history.branches)) {
      if (at === position) await write(`reset refs/heads/${branch}\nfrom :${position + 1}\n\n`)
    }
    position++
  }
  child.stdin.end()
  await ended
  runQuietly(git(directory, 'repack', '-adq'))
}

const NEW_LINE = Buffer.from('\n')

/** Writes the same history into a new repository of ours, in one pack. Nothing is checked out. */
export async function makeOurHistory(directory: string, history: SketchedHistory): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const repository = await initRepository(directory)
  const pack = await repository.store.createPack()
  const put = (block: Block): void => void pack.add(block)
  const made: { cid: CID; folders: Folders }[] = []
  for (const { parents, message, files } of history.commits()) {
    const first = parents[0] === undefined ? undefined : made[parents[0]]
    const folders = changeFolders(first?.folders ?? new Map(), files, put)
    const tree = buildDirectory(Array.from(folders, ([name, folder]) => ({ ...folder.entry, name })))
    tree.blocks.forEach(put)
    const person = { ...WHO, date: dateOf(new Date((FIRST_SECOND + made.length * 60) * 1000), 0) }
    const commit = encodeCommit({
      tree: tree.cid,
      parents: parents.map((parent) => made[parent]!.cid),
      author: person,
      committer: person,
      message: `${message}\n`,
    })
    put(commit)
    made.push({ cid: commit.cid, folders })
  }
  await pack.finish()
  const person = { ...WHO, date: dateOf(new Date(FIRST_SECOND * 1000), 0) }
  for (const [branch, at] of Object.entries(history.branches)) {
    const change = { name: `refs/heads/${branch}`, after: made[at]!.cid, message: 'bench' }
    await updateRef(repository, change, { command: 'bench', person })
  }
  await repository.close()
}

type Folders = ReadonlyMap<string, { entry: Entry; files: ReadonlyMap<string, Entry> }>

/** The folders after a commit: those that it does not touch are the parent's own. */
function changeFolders(before: Folders, files: SketchedCommit['files'], put: (block: Block) => void): Folders {
  const touched = new Map<string, Map<string, Entry>>()
  for (const [path, bytes] of files) {
    const [folder = '', name = ''] = path.split('/')
    let entries = touched.get(folder)
    if (entries === undefined) touched.set(folder, (entries = new Map(before.get(folder)?.files)))
    const cid = cidOf(RAW, bytes)
    put({ cid, bytes })
    entries.set(name, { name, cid, tsize: bytes.length })
  }
  const after = new Map(before)
  for (const [name, entries] of touched) {
    const { cid, tsize, blocks } = buildDirectory(entries.values())
    blocks.forEach(put)
    after.set(name, { entry: { name, cid, tsize }, files: entries })
  }
  return after
}
