import { createHash } from 'node:crypto'
import { dirname } from 'node:path'

import {
  changed,
  differing,
  headOf,
  isSame,
  type Files,
  type Model,
  type ModelCommit,
  type Outcome,
  reached,
  type Snapshot,
  takenBack,
  withPaths,
} from './repository-model.ts'

/** Somebody's change of a file (content, or undefined to remove it), or a command line. */
export type Act = { path: string; content: string | undefined } | { args: string[] }

/** What a step does in a model; undefined where it makes no sense, or where the model does not say what happens. */
export type Step = (model: Model, choice: Choice) => (Outcome & { act: Act }) | undefined

/** Drawn by the generator for each step. */
export interface Choice {
  path: string
  branch: string
}

export const PATHS = ['a', 'b', 'd/x', 'd/y', 'e/f/g']
export const BRANCHES = ['main', 'one', 'two']

/** Every step, by its name. */
export const STEPS: Record<string, Step> = {
  write(model, { path }) {
    const content = createHash('sha256').update(`${path} ${model.made}`).digest('hex')
    const files = new Map(model.files).set(path, content)
    return edited({ ...model, made: model.made + 1, files }, { path, content })
  },
  remove(model, { path }) {
    if (!model.files.has(path)) return undefined
    return edited({ ...model, files: withPaths(model.files, [path], new Map()) }, { path, content: undefined })
  },
  addAll: (model) => ran({ after: { ...model, index: model.files }, status: 0 }, ['add', '-A']),
  add(model, { path }) {
    if (!model.files.has(path)) return undefined
    return ran({ after: { ...model, index: withPaths(model.index, [path], model.files) }, status: 0 }, ['add', path])
  },
  commit(model) {
    const message = `c${model.made}`
    const parent = headOf(model)
    const args = ['commit', '-q', '-m', message]
    if (isSame(model.index, parent.files)) return ran({ after: model, status: 1 }, args)
    const made = { message, files: model.index, parents: [parent] }
    return ran(changed({ ...model, made: model.made + 1 }, { branches: movedTo(model, made) }), args)
  },
  branch(model, { branch }) {
    const args = ['branch', branch]
    if (model.branches.has(branch)) return ran({ after: model, status: 128 }, args)
    return ran(changed(model, { branches: new Map(model.branches).set(branch, headOf(model)) }), args)
  },
  deleteBranch(model, { branch }) {
    if (!model.branches.has(branch) || branch === model.head) return undefined
    const branches = new Map(model.branches)
    branches.delete(branch)
    return ran(changed(model, { branches }), ['branch', '-q', '-D', branch])
  },
  switch(model, { branch }) {
    const target = model.branches.get(branch)
    if (target === undefined || branch === model.head) return undefined
    const { files } = headOf(model)
    const paths = differing(files, target.files)
    // A file that is missing is no local change that could be lost.
    const isClean = paths.every(
      (path) =>
        model.index.get(path) === files.get(path) && [files.get(path), undefined].includes(model.files.get(path)),
    )
    if (!isClean)
      return ran(changed(model, { head: branch, ...discarding(model, target) }), [
        'switch',
        '-q',
        '--discard-changes',
        branch,
      ])
    const [index, worktree] = [model.index, model.files].map((side) => withPaths(side, paths, target.files)) as [
      Files,
      Files,
    ]
    return ran(changed(model, { head: branch, index, files: worktree }), ['switch', '-q', branch])
  },
  resetHard: (model, choice) => reset(model, choice, '--hard', (target) => discarding(model, target)),
  resetMixed: (model, choice) => reset(model, choice, '--mixed', (target) => ({ index: target.files })),
  resetSoft: (model, choice) => reset(model, choice, '--soft', () => ({})),
  restore(model, { path }) {
    if (!model.index.has(path)) return undefined
    const files = withPaths(model.files, [path], model.index)
    return ran(isSame(files, model.files) ? { after: model, status: 0 } : changed(model, { files }), ['restore', path])
  },
  restoreStaged(model, { path }) {
    if (!model.index.has(path) && !headOf(model).files.has(path)) return undefined
    const index = withPaths(model.index, [path], headOf(model).files)
    const outcome = isSame(index, model.index) ? { after: model, status: 0 } : changed(model, { index })
    return ran(outcome, ['restore', '--staged', path])
  },
  removeTracked(model, { path }) {
    if (!model.index.has(path)) return undefined
    const [index, files] = [model.index, model.files].map((side) => withPaths(side, [path], new Map())) as [
      Files,
      Files,
    ]
    return ran(changed(model, { index, files }), ['rm', '-q', '-f', path])
  },
  clean(model) {
    const unwanted = differing(model.files, model.index).filter((path) => !model.index.has(path))
    const files = withPaths(model.files, unwanted, new Map())
    // A folder whose tracked files are missing stays, empty: an entry once it is added, and the model has no folders.
    if (unwanted.some((path) => hasAny(model.index, dirname(path)) && !hasAny(files, dirname(path)))) return undefined
    return ran(isSame(files, model.files) ? { after: model, status: 0 } : changed(model, { files }), [
      'clean',
      '-q',
      '-fd',
    ])
  },
  merge,
  stash(model) {
    const base = headOf(model)
    const tracked = withPaths(new Map(), model.index.keys(), model.files)
    const isInTheWay = [...base.files.keys()].some((path) => !model.index.has(path) && model.files.has(path))
    if (isInTheWay || (isSame(model.index, base.files) && isSame(tracked, base.files))) return undefined
    const files = withPaths(model.files, [...model.index.keys(), ...base.files.keys()], base.files)
    const stashes = [{ base, index: model.index, files: tracked }, ...model.stashes]
    return ran(changed(model, { index: base.files, files, stashes }), ['stash', '-q'])
  },
  stashPop(model) {
    const [stash, ...stashes] = model.stashes
    if (stash === undefined || stash.base !== headOf(model) || !isUnchanged(model)) return undefined
    const paths = new Set([...stash.index.keys(), ...stash.base.files.keys()])
    if ([...paths].some((path) => !stash.base.files.has(path) && model.files.has(path))) return undefined
    const files = withPaths(model.files, paths, stash.files)
    return ran(changed(model, { index: stash.index, files, stashes }), ['stash', 'pop', '-q', '--index'])
  },
  undo: (model) => orNothing(takenBack(model, 'undo'), ['undo', '-q']),
  redo: (model) => orNothing(takenBack(model, 'redo'), ['redo', '-q']),
}

function hasAny(files: Files, folder: string): boolean {
  return [...files.keys()].some((path) => path.startsWith(`${folder}/`))
}

function edited(after: Model, act: Act) {
  return { after, status: 0, act }
}

function ran(outcome: Outcome, args: string[]) {
  return { ...outcome, act: { args } }
}

function orNothing(outcome: Outcome | undefined, args: string[]) {
  return outcome && ran(outcome, args)
}

function movedTo({ branches, head }: Snapshot, commit: ModelCommit) {
  return new Map(branches).set(head, commit)
}

/** Index and files where local changes are thrown away: what is not tracked stays, unless it is in the way. */
function discarding(model: Model, { files }: ModelCommit): Pick<Snapshot, 'index' | 'files'> {
  return { index: files, files: withPaths(model.files, [...model.index.keys(), ...files.keys()], files) }
}

function reset(
  model: Model,
  { branch }: Choice,
  mode: string,
  change: (target: ModelCommit) => Partial<Snapshot>,
): ReturnType<Step> {
  const target = model.branches.get(branch)
  if (target === undefined) return undefined
  return ran(changed(model, { branches: movedTo(model, target), ...change(target) }), ['reset', '-q', mode, branch])
}

/** Merges that the model knows the result of: no path was changed on both sides, and there are no local changes. */
function merge(model: Model, { branch }: Choice): ReturnType<Step> {
  const [ours, theirs] = [headOf(model), model.branches.get(branch)]
  if (theirs === undefined || branch === model.head || !isUnchanged(model)) return undefined
  const message = `c${model.made}`
  const args = ['merge', '-q', '-m', message, branch]
  const [reachedByOurs, reachedByTheirs] = [reached(ours), reached(theirs)]
  if (reachedByOurs.has(theirs)) return ran({ after: model, status: 0 }, args)
  const common = [...reachedByOurs].filter((commit) => reachedByTheirs.has(commit))
  const bases = common.filter((base) => !common.some((other) => other !== base && reached(other).has(base)))
  const [base, ...others] = bases
  if (base === undefined || others.length > 0) return undefined
  const [byOurs, byTheirs] = [differing(base.files, ours.files), differing(base.files, theirs.files)]
  if (byOurs.some((path) => byTheirs.includes(path))) return undefined
  const isInTheWay = byTheirs.some((path) => !ours.files.has(path) && model.files.has(path))
  if (isInTheWay) return undefined
  const files = withPaths(ours.files, byTheirs, theirs.files)
  const merged = base === ours ? theirs : { message, files, parents: [ours, theirs] }
  const worktree = withPaths(model.files, byTheirs, theirs.files)
  const change = { branches: movedTo(model, merged), index: files, files: worktree }
  return ran(changed({ ...model, made: model.made + 1 }, change), args)
}

function isUnchanged(model: Model): boolean {
  const { files } = headOf(model)
  return isSame(model.index, files) && [...files].every(([path, content]) => model.files.get(path) === content)
}
