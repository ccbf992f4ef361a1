import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { diffTrees, type NodeEntry } from '../../model/tree/tree-diff.ts'
import { type ConfigChange, isSameValue } from '../config/config-change.ts'
import type { OperationEntry, PathRename, RefChange } from '../operation/operation-entry.ts'
import { isSameHead } from '../refs/head.ts'
import { isSameCid } from '../refs/refs.ts'
import { isSameSequence } from '../sequence/sequence.ts'
import type { LoggedCommand } from './logged-command.ts'

/** What a command changed, all its operations taken together. */
export interface CommandChanges {
  refs: Pick<RefChange, 'name' | 'before' | 'after'>[]
  head: OperationEntry['head']
  config: ConfigChange[]
  sequence: OperationEntry['sequence']
  /** Whether it wrote the index: of a command that is not undone by itself, that is all there is to know. */
  index: boolean
  files: FileChanges
}

/** What it changed in the working tree. */
export interface FileChanges {
  /** Sorted by the bytes of their paths; what was moved is not among them. */
  written: ChangedFile[]
  moved: Pick<PathRename, 'from' | 'to'>[]
  /** What was thrown away, and is kept: sizes in bytes, undefined where the content is not here any more. */
  kept: { path: string; cid: CID; sizeBytes: number | undefined }[]
  /** Set where the trees are not here any more: then nothing is known of what was written. */
  problem: JzfsError | undefined
}

/** A path that a command wrote or removed. */
export interface ChangedFile {
  path: string
  change: 'added' | 'modified' | 'removed'
}

/** Works out what a command changed. */
export async function readCommandChanges(
  source: BlockSource,
  { operations }: LoggedCommand,
  options: AbortOptions = {},
): Promise<CommandChanges> {
  const head = throughout(operations.map((entry) => entry.head))
  const sequence = throughout(operations.map((entry) => entry.sequence))
  return {
    refs: refsOfCommand(operations).filter(({ before, after }) => !isSameCid(before, after)),
    head: head !== undefined && !isSameHead(head.before, head.after) ? head : undefined,
    config: configOfCommand(operations),
    sequence: sequence !== undefined && !isSameSequence(sequence.before, sequence.after) ? sequence : undefined,
    index: operations.some(({ index }) => index !== undefined),
    files: await readFileChanges(source, operations, options),
  }
}

/** What the operations of a command did to refs, each ref once: from before the first to after the last. */
export function refsOfCommand(operations: readonly OperationEntry[]): CommandChanges['refs'] {
  const whole = new Map<string, CommandChanges['refs'][number]>()
  for (const { name, before, after } of operations.flatMap(({ refs }) => refs)) {
    const known = whole.get(name)
    whole.set(name, { name, before: known === undefined ? before : known.before, after })
  }
  return [...whole.values()]
}

/** What the operations of a command did to the configuration, each key once. */
export function configOfCommand(operations: readonly OperationEntry[]): ConfigChange[] {
  const whole = new Map<string, ConfigChange>()
  for (const change of operations.flatMap(({ config }) => config)) {
    const known = whole.get(change.key)
    whole.set(change.key, known === undefined ? change : { ...change, before: known.before })
  }
  return [...whole.values()].filter(({ before, after }) => !isSameValue(before, after))
}

/** Changes that follow each other, as one. */
export function throughout<Side>(
  changes: readonly ({ before: Side; after: Side } | undefined)[],
): { before: Side; after: Side } | undefined {
  const made = changes.filter((change) => change !== undefined)
  const [first, last] = [made[0], made.at(-1)]
  return first === undefined || last === undefined ? undefined : { before: first.before, after: last.after }
}

async function readFileChanges(
  source: BlockSource,
  operations: readonly OperationEntry[],
  options: AbortOptions,
): Promise<FileChanges> {
  const paths = new Map<string, { before: NodeEntry | undefined; after: NodeEntry | undefined }>()
  const sizes = new Map<string, number>()
  let problem: JzfsError | undefined
  for (const { worktree } of operations) {
    if (worktree === undefined) continue
    try {
      for await (const { path, before, after } of diffTrees(source, worktree.before, worktree.after, options)) {
        const known = paths.get(path)
        paths.set(path, { before: known === undefined ? before : known.before, after })
        if (before !== undefined) sizes.set(`${path}\n${before.cid.toString()}`, before.node.size)
      }
    } catch (error) {
      if (!(error instanceof JzfsError)) throw error
      problem = error
    }
  }
  const written = Array.from(paths, ([path, change]) => fileChange(path, change)).filter((each) => each !== undefined)
  const discarded = operations.flatMap((entry) => entry.discarded)
  return {
    written: written.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))),
    moved: operations.flatMap(({ renames }) => renames.map(({ from, to }) => ({ from, to }))),
    kept: discarded.map(({ path, cid }) => ({ path, cid, sizeBytes: sizes.get(`${path}\n${cid.toString()}`) })),
    problem,
  }
}

function fileChange(
  path: string,
  { before, after }: { before: NodeEntry | undefined; after: NodeEntry | undefined },
): ChangedFile | undefined {
  if (isSameCid(before?.cid, after?.cid)) return undefined
  if (before === undefined) return { path, change: 'added' }
  return { path, change: after === undefined ? 'removed' : 'modified' }
}
