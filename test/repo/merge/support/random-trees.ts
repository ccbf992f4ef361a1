import type { Leaf } from '../../../support/memory-tree.ts'
import { createRandom } from '../../../support/random.ts'

/** Which changes are made: names of `EDITS`. */
export type EditName = keyof typeof EDITS

export type Leaves = Map<string, Leaf>

/** A source of trees that go on from each other; the same for the same seed. All lines are distinct. */
export interface TreeMaker {
  below(limit: number): number
  /** A new tree. */
  create(): Leaves
  /** A tree that goes on from another, by so many changes. */
  change(leaves: ReadonlyMap<string, Leaf>, edits: readonly EditName[], count: number): Leaves
  /** A tree in which each path has what one of two others have there. */
  mix(one: ReadonlyMap<string, Leaf>, other: ReadonlyMap<string, Leaf>): Leaves
}

const FOLDERS = ['', 'a/', 'a/b/', 'c/', 'c/d/e/', 'f/']
const NAMES = ['x', 'y', 'z', 'u', 'v']

/** Makes a source of trees. */
export function createTreeMaker(seed: number): TreeMaker {
  const random = createRandom(seed)
  let lines = 0
  const make: Making = {
    below: (limit) => Math.floor(random() * limit),
    pick: (items) => items[Math.floor(random() * items.length)] as never,
    line: () => `${Math.floor(random() * 2 ** 32).toString(36)} ${++lines} of all lines\n`,
    text: () => Array.from({ length: 12 + make.below(8) }, make.line).join(''),
    binary: () => Buffer.from(`\0${make.text()}`),
    path: () => `${make.pick(FOLDERS)}${make.pick(NAMES)}`,
  }
  return {
    below: make.below,
    create() {
      const leaves: Leaves = new Map()
      for (let count = 3 + make.below(10); count > 0; count--) {
        const kind = make.below(10)
        const leaf = kind === 0 ? { link: make.line().trim() } : kind === 1 ? make.binary() : make.text()
        put(leaves, make.path(), kind === 2 ? { executable: make.text() } : leaf)
      }
      return leaves
    },
    change(leaves, edits, count) {
      const changed = new Map(leaves)
      for (let left = count; left > 0; left--) EDITS[make.pick(edits)](changed, make)
      return changed
    },
    mix(one, other) {
      const mixed: Leaves = new Map()
      for (const path of new Set([...one.keys(), ...other.keys()])) {
        const leaf = make.below(2) === 0 ? one.get(path) : other.get(path)
        if (leaf !== undefined) put(mixed, path, leaf)
      }
      return mixed
    },
  }
}

interface Making {
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  line(): string
  text(): string
  binary(): Buffer
  path(): string
}

/** Puts a leaf where no other is in the way; what is in the way goes. */
function put(leaves: Leaves, path: string, leaf: Leaf): void {
  for (const other of leaves.keys()) {
    if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) leaves.delete(other)
  }
  leaves.set(path, leaf)
}

function pickPath(leaves: Leaves, make: Making): string | undefined {
  return make.pick([...leaves.keys()])
}

function isText(leaf: Leaf | undefined): leaf is string | { executable: string } {
  return typeof leaf === 'string' || (typeof leaf === 'object' && 'executable' in leaf)
}

function editText(text: string, make: Making): string {
  const lines = text.split(/(?<=\n)/)
  const at = make.below(lines.length + 1)
  lines.splice(at, make.below(2), ...Array.from({ length: make.below(2) + (at === 0 ? 1 : 0) }, make.line))
  return lines.join('')
}

function edited(leaf: Leaf, make: Making): Leaf {
  if (typeof leaf === 'string') return editText(leaf, make)
  if (leaf instanceof Uint8Array) return make.binary()
  if ('executable' in leaf) return { executable: editText(leaf.executable, make) }
  return { link: make.line().trim() }
}

const EDITS = {
  edit(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path !== undefined) leaves.set(path, edited(leaves.get(path) as Leaf, make))
  },
  add(leaves: Leaves, make: Making) {
    put(leaves, make.path(), make.below(6) === 0 ? make.binary() : make.text())
  },
  addInFolder(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path !== undefined) put(leaves, `${path.slice(0, path.lastIndexOf('/') + 1)}new${make.below(3)}`, make.text())
  },
  remove(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path !== undefined) leaves.delete(path)
  },
  removeFolder(leaves: Leaves, make: Making) {
    const folder = make.pick(FOLDERS)
    for (const path of leaves.keys()) if (folder !== '' && path.startsWith(folder)) leaves.delete(path)
  },
  mode(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    const leaf = path === undefined ? undefined : leaves.get(path)
    if (path === undefined || !isText(leaf)) return
    leaves.set(path, typeof leaf === 'string' ? { executable: leaf } : leaf.executable)
  },
  type(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path === undefined) return
    const leaf = leaves.get(path)
    leaves.set(path, isText(leaf) ? { link: make.line().trim() } : make.text())
  },
  fileToFolder(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path !== undefined) put(leaves, `${path}/${make.pick(NAMES)}`, make.text())
  },
  folderToFile(leaves: Leaves, make: Making) {
    const folder = make.pick(FOLDERS).slice(0, -1)
    if (folder !== '') put(leaves, folder, make.text())
  },
  move(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    if (path === undefined) return
    const leaf = leaves.get(path) as Leaf
    leaves.delete(path)
    put(leaves, make.below(3) === 0 ? `${make.path()}${make.below(3)}` : make.path(), leaf)
  },
  moveEdited(leaves: Leaves, make: Making) {
    const path = pickPath(leaves, make)
    const leaf = path === undefined ? undefined : leaves.get(path)
    if (path === undefined || !isText(leaf)) return
    leaves.delete(path)
    put(leaves, `${make.path()}${make.below(3)}`, edited(leaf, make))
  },
  moveFolder(leaves: Leaves, make: Making) {
    const folder = make.pick(FOLDERS)
    const target = `${make.pick(['', 'g/', 'c/', 'a/'])}h${make.below(2)}/`
    if (folder === '') return
    const moved = [...leaves].filter(([path]) => path.startsWith(folder))
    for (const [path, leaf] of moved) {
      leaves.delete(path)
      put(leaves, target + path.slice(folder.length), leaf)
    }
  },
}
