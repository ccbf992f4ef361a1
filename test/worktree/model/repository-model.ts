/** Paths with what is in them. */
export type Files = ReadonlyMap<string, string>

/** A commit: its message names it. */
export interface ModelCommit {
  message: string
  files: Files
  parents: readonly ModelCommit[]
}

export interface ModelStash {
  base: ModelCommit
  index: Files
  files: Files
}

/** What commands change and undo brings back. */
export interface Snapshot {
  branches: ReadonlyMap<string, ModelCommit>
  head: string
  index: Files
  files: Files
  stashes: readonly ModelStash[]
}

/** A repository as plain data: what the real one is compared with. */
export interface Model extends Snapshot {
  /** What undo takes back, and redo: the last one first to go. */
  done: readonly Change[]
  undone: readonly Change[]
  /** How many commits and contents were made: their names. */
  made: number
}

export interface Change {
  before: Snapshot
  after: Snapshot
}

/** What a step leads to: the model after it, and how its command ends. */
export interface Outcome {
  after: Model
  status: number
}

export function headOf({ branches, head }: Snapshot): ModelCommit {
  return branches.get(head) as ModelCommit
}

/** After a command that undo takes back: no redo any more. */
export function changed(model: Model, change: Partial<Snapshot>): Outcome {
  const after = { ...snapshotOf(model), ...change }
  const done = [...model.done, { before: snapshotOf(model), after }]
  return { after: { ...model, ...after, done, undone: [] }, status: 0 }
}

export function snapshotOf({ branches, head, index, files, stashes }: Snapshot): Snapshot {
  return { branches, head, index, files, stashes }
}

/** Takes the last change back; undefined where the model does not say what happens. */
export function takenBack(model: Model, kind: 'undo' | 'redo'): Outcome | undefined {
  const change = (kind === 'undo' ? model.done : model.undone).at(-1)
  if (change === undefined || !isSame(model.index, change.after.index)) return undefined
  const files = new Map(model.files)
  for (const path of differing(change.before.files, change.after.files)) {
    const allowed = [change.after.files.get(path), change.before.files.get(path), undefined]
    if (!allowed.includes(model.files.get(path))) return { after: model, status: 1 }
    setAt(files, path, change.before.files.get(path))
  }
  const after = { ...change.before, files }
  const reverse = { before: snapshotOf(model), after }
  const { done, undone } = model
  const logs =
    kind === 'undo'
      ? { done: done.slice(0, -1), undone: [...undone, reverse] }
      : { done: [...done, reverse], undone: undone.slice(0, -1) }
  return { after: { ...model, ...after, ...logs }, status: 0 }
}

export function isSame(a: Files, b: Files): boolean {
  return differing(a, b).length === 0
}

export function differing(a: Files, b: Files): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path))
}

/** One map with the values of another at some paths. */
export function withPaths(base: Files, paths: Iterable<string>, from: Files): Files {
  const files = new Map(base)
  for (const path of paths) setAt(files, path, from.get(path))
  return files
}

function setAt(files: Map<string, string>, path: string, content: string | undefined): void {
  if (content === undefined) files.delete(path)
  else files.set(path, content)
}

/** All commits that a commit reaches, itself among them. */
export function reached(commit: ModelCommit, found = new Set<ModelCommit>()): Set<ModelCommit> {
  if (found.has(commit)) return found
  found.add(commit)
  for (const parent of commit.parents) reached(parent, found)
  return found
}
