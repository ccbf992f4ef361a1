import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { encodeTag } from '../../../src/model/commit/tag.ts'
import { initRepository } from '../../../src/repo/init-repository.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { putTree, type TreeSketch } from '../../support/put-tree.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { git } from '../../worktree/support/git.ts'

/** What stands at a path. */
export type Leaf = string | { executable: string } | { target: string }

/** One commit of a history that both tools get; parents are positions of earlier ones. */
export interface SketchedCommit {
  parents: number[]
  message: string
  author?: { name: string; email: string }
  files: ReadonlyMap<string, Leaf>
}

/** The same history in a repository of each tool: `main` is its last commit, `c<N>` each, `v<N>` a tag of each tenth. */
export interface BothTools {
  ours: string
  theirs: string
  /** Runs a command line with both: what they print, line by line, without the names of objects, and how they end. */
  run(...args: string[]): Promise<{ ours: Printed; theirs: Printed }>
}

/** What a command printed, and its exit status. */
export interface Printed {
  lines: string[]
  status: number
}

const FIRST_SECOND = 1_600_000_000

/** Makes the repositories; they go when the test ends. */
export async function makeBothTools(sketches: readonly SketchedCommit[]): Promise<BothTools> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  const names = new Map<string, string>()
  mkdirSync(ours)
  mkdirSync(theirs)
  for (const [at, cid] of (await makeOurs(ours, sketches)).entries()) names.set(cid.toString(), `<${at}>`)
  git(theirs, ['init', '-q', '-b', 'main'])
  git(theirs, ['config', 'core.quotePath', 'false'])
  git(theirs, ['config', 'core.abbrev', '10'])
  git(theirs, ['fast-import', '--quiet', '--date-format=raw'], importStream(sketches))
  for (const at of sketches.keys())
    names.set(
      git(theirs, ['rev-parse', `c${at}`])
        .toString()
        .trim(),
      `<${at}>`,
    )
  const printed = (text: string, status: number) => ({ lines: withoutNames(text, names).split('\n'), status })
  const run = async (...args: string[]) => {
    const { stdout: expected, status: ended } = spawnSync('git', args, { ...GIT, cwd: theirs })
    const { stdout, status, stderr } = await runHere(ours, args)
    // What fails in both does so in other words.
    const said = status === ended ? '' : stderr
    return { ours: printed(stdout + said, status), theirs: printed(expected, ended ?? -1) }
  }
  return { ours, theirs, run }
}

const GIT = {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C.UTF-8' },
} as const

async function makeOurs(directory: string, sketches: readonly SketchedCommit[]): Promise<CID[]> {
  const repository = await initRepository(directory)
  const pack = await repository.store.createPack()
  const cids: CID[] = []
  const tags: CID[] = []
  for (const [at, { parents, message, author = ANN, files }] of sketches.entries()) {
    const date = dateAt(at)
    const by = { name: author.name, email: author.email, date }
    const tree = putTree({ put: (block) => void pack.add(block) }, treeOf(files)).cid
    const links = { tree, parents: parents.map((parent) => cids[parent] as CID) }
    const commit = encodeCommit({ ...links, author: by, committer: { ...ANN, date }, message })
    void pack.add(commit)
    cids.push(commit.cid)
    if (at % 10 !== 0) continue
    const tag = encodeTag({
      name: `v${at}`,
      object: commit.cid,
      objectType: 'commit',
      tagger: { ...ANN, date },
      message,
    })
    void pack.add(tag)
    tags.push(tag.cid)
  }
  await pack.finish()
  const by = { command: 'test', person: ANN }
  for (const [at, cid] of cids.entries())
    await updateRef(repository, { name: `refs/heads/c${at}`, after: cid, message: 'made' }, by)
  for (const [at, cid] of tags.entries())
    await updateRef(repository, { name: `refs/tags/v${at * 10}`, after: cid, message: 'made' }, by)
  await updateRef(repository, { name: 'refs/heads/main', after: cids.at(-1), message: 'made' }, by)
  await repository.close()
  return cids
}

const dateAt = (at: number) => new Date((FIRST_SECOND + at * 3600) * 1000).toISOString().replace('.000Z', '+00:00')

function treeOf(files: ReadonlyMap<string, Leaf>): TreeSketch {
  const root: { entries: Record<string, TreeSketch> } = { entries: {} }
  for (const [path, leaf] of files) {
    let folder = root
    const folders = path.split('/')
    const name = folders.pop() as string
    for (const each of folders) folder = (folder.entries[each] ??= { entries: {} }) as typeof root
    folder.entries[name] = leaf
  }
  return root
}

function importStream(sketches: readonly SketchedCommit[]): Buffer {
  const pieces: string[] = []
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  for (const [at, { parents, message, author = ANN, files }] of sketches.entries()) {
    const when = `${FIRST_SECOND + at * 3600} +0000`
    pieces.push(
      `reset refs/heads/c${at}\n`,
      `commit refs/heads/c${at}\nmark :${at + 1}\nauthor ${author.name} <${author.email}> ${when}\n`,
      `committer ${ANN.name} <${ANN.email}> ${when}\n${data(message)}`,
      ...parents.map((parent, nth) => `${nth === 0 ? 'from' : 'merge'} :${parent + 1}\n`),
      'deleteall\n',
    )
    for (const [path, leaf] of files) {
      const [mode, text] =
        typeof leaf === 'string'
          ? ['100644', leaf]
          : 'target' in leaf
            ? ['120000', leaf.target]
            : ['100755', leaf.executable]
      pieces.push(`M ${mode} inline ${/[ "]/.test(path) ? JSON.stringify(path) : path}\n${data(text)}`)
    }
    if (at % 10 === 0)
      pieces.push(`tag v${at}\nfrom :${at + 1}\ntagger ${ANN.name} <${ANN.email}> ${when}\n${data(message)}`)
  }
  pieces.push(`reset refs/heads/main\nfrom :${sketches.length}\n`)
  return Buffer.from(pieces.join(''))
}

/** Output with commits as `<N>`, and without the names of other objects. */
function withoutNames(text: string, names: ReadonlyMap<string, string>): string {
  const byShort = new Map<string, string>()
  for (const [name, shown] of names)
    byShort.set(name.slice(0, name.startsWith('b') && name.length > 40 ? 17 : 10), shown)
  return (
    text
      .replaceAll(/\b(?:[0-9a-f]{40}|b[a-z2-7]{58,60})\b/g, (name) => names.get(name) ?? '<object>')
      .replaceAll(/\b(?:[0-9a-f]{10}|baguqeera[a-z2-7]{8})\b/g, (name) => byShort.get(name) ?? '<object>')
      .replaceAll(/\b(?:bafybei|bafkrei)[a-z2-7]{8}\b/g, '<object>')
      .replaceAll(/Binary files (?:differ: |(?=\S.* and .* differ$)).*$/gm, 'Binary files')
      // How alike two files are is only estimated.
      .replaceAll(/(?<=\bR0|similarity index |\()\d\d(?=\t|%)/g, '~')
      // Git takes a character from these headings.
      .replaceAll(/^([ |*\\/]*@@@.*@@@).*$/gm, '$1')
      .replaceAll(/^([ |*\\/]*index) [^\n]*$/gm, '$1')
      .replaceAll(/^(:+[0-7 ]*\d{6}) (?:[^\t ]+ )+(?=[A-Z]+\d*\t)/gm, '$1 ')
  )
}
