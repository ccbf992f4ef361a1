import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { FolderContent } from '../../worktree/support/folder-content.ts'
import type { SeededRandom } from '../../worktree/support/seeded-random.ts'

/** Something that is done to a working tree, the same for each that is alike. */
export type Edit = (top: string) => void

/**
 * A random edit of what is there: texts whose lines are all distinct, binary files, modes, symlinks, moves of files and folders,
 * files for folders and back, ignored files. A text that changes stays at least 80 % alike; two texts have nothing in common.
 */
export function randomEdit(files: FolderContent, random: SeededRandom): Edit {
  const kinds = Object.groupBy(Object.entries(files), ([, what]) => kindOf(what))
  const pick = (kind: Kind): string | undefined => {
    const entries = kinds[kind] ?? []
    return entries.length === 0 ? undefined : random.pick(entries)[0]
  }
  const text = pick('text')
  const any = Object.keys(files).length === 0 ? undefined : random.pick(Object.keys(files))
  const folder = any === undefined || dirname(any) === '.' ? undefined : dirname(any)
  const target = randomPath(random)
  const acts = [
    writing(target, newText(random)),
    on(text, (path) => changing(path, random)),
    on(text, (path) => changing(path, random)),
    on(text, (path) => changing(path, random)),
    on(text, changingMode),
    on(text, (path) => moving(path, target)),
    on(text, (path) => both(changing(path, random), moving(path, target))),
    writing(pick('binary') ?? target, newBinary(random)),
    linking(pick('link') ?? target, random.pick(['one', '../two', 'nowhere'])),
    writing(random.pick(['x.log', 'keep.log', 'build/output', 'only-here', 'a/only-here']), newText(random)),
    on(any, (path) => (top) => rmSync(join(top, path))),
    on(any, (path) => writing(`${path}/inside`, newText(random))),
    on(folder, (path) => moving(path, random.pick(['moved', 'moved/on', 'other']))),
  ]
  return random.pick(acts.filter((act) => act !== undefined))
}

function on(path: string | undefined, act: (path: string) => Edit): Edit | undefined {
  return path === undefined ? undefined : act(path)
}

type Kind = 'text' | 'binary' | 'link'

function kindOf(what: string): Kind {
  return what.startsWith('-> ') ? 'link' : what.includes('\0') ? 'binary' : 'text'
}

const FOLDERS = ['', '', 'a/', 'a/deep/', 'b/', 'with space/']
const NAMES = ['one', 'two', 'three', 'vier', 'é', '-d', "q'q", 'x.csv']

function randomPath(random: SeededRandom): string {
  return random.pick(FOLDERS) + random.pick(NAMES)
}

function newLine(random: SeededRandom): string {
  return `line ${random.below(2 ** 30)} ${random.below(2 ** 30)}`
}

function newText(random: SeededRandom): Buffer {
  const lines = Array.from({ length: 15 + random.below(10) }, () => newLine(random))
  return Buffer.from(`${lines.join('\n')}\n`)
}

function newBinary(random: SeededRandom): Buffer {
  return Buffer.from([0, ...Array.from({ length: 200 }, () => random.below(256))])
}

/** Another line at a random place, in the stead of one or before it. */
function changing(path: string, random: SeededRandom): Edit {
  const [at, removed, line] = [random.below(5), random.below(2), newLine(random)]
  return (top) => {
    const lines = readFileSync(join(top, path), 'utf8').split('\n')
    lines.splice(at % Math.max(1, lines.length - 1), removed, line)
    writeFileSync(join(top, path), lines.join('\n'))
  }
}

function changingMode(path: string): Edit {
  return (top) => chmodSync(join(top, path), (lstatSync(join(top, path)).mode & 0o111) === 0 ? 0o755 : 0o644)
}

function writing(path: string, bytes: Buffer): Edit {
  return (top) => {
    makeWay(top, path)
    writeFileSync(join(top, path), bytes)
  }
}

function linking(path: string, goal: string): Edit {
  return (top) => {
    makeWay(top, path)
    rmSync(join(top, path), { force: true })
    symlinkSync(goal, join(top, path))
  }
}

function moving(from: string, to: string): Edit {
  return (top) => {
    if (from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return
    makeWay(top, to)
    renameSync(join(top, from), join(top, to))
  }
}

function both(first: Edit, second: Edit): Edit {
  return (top) => {
    first(top)
    second(top)
  }
}

/** Takes away what is at a path, or is a file where a folder above it has to be. */
function makeWay(top: string, path: string): void {
  const names = path.split('/')
  for (let depth = 1; depth < names.length; depth++) {
    const parent = join(top, ...names.slice(0, depth))
    if (lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(parent)
  }
  const stat = lstatSync(join(top, path), { throwIfNoEntry: false })
  if (stat !== undefined && !(stat.isFile() && !stat.isSymbolicLink())) rmSync(join(top, path), { recursive: true })
  mkdirSync(dirname(join(top, path)), { recursive: true })
}
