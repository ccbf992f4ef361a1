import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { shortenCid } from '../../model/cid-text.ts'
import { type Commit, decodeCommit, encodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { InvalidError } from '../../model/errors.ts'
import { mergeTrees } from '../merge/merge-trees.ts'
import type { ConflictStyle } from '../merge/text/write-merged.ts'
import type { MergeNote, TreeMerge } from '../merge/tree-merge.ts'
import type { ReplayOptions, ReplaySequence, ReplayStop } from '../sequence/replay-sequence.ts'
import { pickMessage, revertMessage, subjectOf } from './replay-message.ts'

/** A commit and its tree; undefined where there is no commit yet, or no tree. */
export interface ReplayPosition {
  commit: CID | undefined
  tree: CID | undefined
}

/** What is to be replayed, on what, and by whom. */
export interface ReplayRequest extends Pick<ReplaySequence, 'kind' | 'todo' | 'options'> {
  on: ReplayPosition
  /** Who reverts; of other commits the author stays. */
  author: Person
  committer: Person
  /** How conflicts are marked. Default: `merge`. */
  style?: ConflictStyle | undefined
  /** Has the message of each new commit edited. */
  editMessage?: EditMessage | undefined
}

/** Told how many commits are done before each one. */
export type ReplayProgress = (progress: { commits: number; totalCommits: number }) => void

/** Lets somebody change a message. */
export type EditMessage = (message: string) => Promise<string>

/** A commit that was made again. */
export interface ReplayedCommit {
  from: CID
  cid: CID
  subject: string
  trees: { before: CID | undefined; after: CID }
  /** What was merged on the way. */
  notes: MergeNote[]
}

/** How far a replay came. */
export interface Replayed {
  at: ReplayPosition
  made: ReplayedCommit[]
  /** Commits left out because their change is there already. */
  dropped: { commit: CID; subject: string }[]
  done: CID[]
  todo: CID[]
  /** Where it waits, and with what in conflict. */
  stop: (ReplayStop & { subject: string; merge: Pick<TreeMerge, 'tree' | 'conflicts' | 'notes'> }) | undefined
}

/**
 * Makes the changes of commits again, on another commit: in memory, as far as it goes without conflicts. Trees, commits and
 * merged files are given to `receive`, through which `source` must be able to read them.
 *
 * Throws InvalidError `mainline-needed` for a merge of which no parent was chosen, `mainline-missing` for a commit without
 * the parent that was; and what `mergeTrees` throws.
 */
export async function replayCommits(
  source: BlockSource,
  receive: (block: Block) => void,
  request: ReplayRequest,
  options: AbortOptions & { onProgress?: ReplayProgress | undefined } = {},
): Promise<Replayed> {
  const { todo } = request
  const replayed: Replayed = { at: request.on, made: [], dropped: [], done: [], todo: [], stop: undefined }
  for (const [number, cid] of todo.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.({ commits: number, totalCommits: todo.length })
    const commit = decodeCommit(cid, await source.get(cid, options))
    await replayOne(source, receive, request, { cid, commit, replayed }, options)
    if (replayed.stop !== undefined) return { ...replayed, todo: todo.slice(number + 1) }
    replayed.done.push(cid)
  }
  return replayed
}

interface Step {
  cid: CID
  commit: Commit
  replayed: Replayed
}

async function replayOne(
  source: BlockSource,
  receive: (block: Block) => void,
  request: ReplayRequest,
  { cid, commit, replayed }: Step,
  options: AbortOptions,
): Promise<void> {
  const { at } = replayed
  const { noCommit } = request.options
  if (request.kind === 'rebase' && isChildOf(commit, at.commit)) {
    replayed.at = { commit: cid, tree: commit.tree }
    return
  }
  const change = await findChange(source, { cid, commit }, request, options)
  const merge = await mergeTrees(
    source,
    receive,
    { base: change.before, ours: at.tree, theirs: change.after },
    { labels: change.labels, favour: request.options.favour, style: request.style, signal: options.signal },
  )
  const subject = subjectOf(commit.message)
  const stop = { commit: cid, message: change.message, subject, merge }
  if (merge.conflicts.length > 0) {
    replayed.stop = { ...stop, reason: 'conflict' }
    return
  }
  const isEmpty = !noCommit && isSameTree(merge.tree, at.tree)
  const fate = isEmpty ? fateOf(change, request.options) : 'keep'
  if (fate === 'drop') replayed.dropped.push({ commit: cid, subject })
  else if (fate === 'stop') replayed.stop = { ...stop, reason: 'empty' }
  else if (noCommit) replayed.at = { commit: at.commit, tree: merge.tree }
  else {
    const author = request.kind === 'revert' ? request.author : commit.author
    const message = (await request.editMessage?.(change.message)) ?? change.message
    const made = makeCommit(receive, { at, tree: merge.tree, message, author }, request)
    replayed.made.push({
      from: cid,
      cid: made,
      subject: subjectOf(message),
      trees: { before: at.tree, after: merge.tree },
      notes: merge.notes,
    })
    replayed.at = { commit: made, tree: merge.tree }
  }
}

function makeCommit(
  receive: (block: Block) => void,
  { at, tree, message, author }: { at: ReplayPosition; tree: CID; message: string; author: Person },
  { committer }: ReplayRequest,
): CID {
  const parents = at.commit === undefined ? [] : [at.commit]
  const block = encodeCommit({ tree, parents, author, committer, message })
  receive(block)
  return block.cid
}

/** What a commit changes, in the direction in which it is to be made. */
interface Change {
  before: CID | undefined
  after: CID | undefined
  message: string
  labels: { base: string; ours: string; theirs: string }
}

async function findChange(
  source: BlockSource,
  { cid, commit }: Pick<Step, 'cid' | 'commit'>,
  { kind, options }: ReplayRequest,
  abort: AbortOptions,
): Promise<Change> {
  const parent = findParent(cid, commit, options)
  const parentTree = parent && decodeCommit(parent, await source.get(parent, abort)).tree
  const name = `${shortenCid(cid)} (${subjectOf(commit.message)})`
  if (kind === 'revert') {
    const mainline = commit.parents.length > 1 ? parent : undefined
    const labels = { base: name, ours: 'HEAD', theirs: `parent of ${name}` }
    return { before: commit.tree, after: parentTree, message: revertMessage(cid, commit.message, mainline), labels }
  }
  const labels = { base: `parent of ${name}`, ours: 'HEAD', theirs: name }
  const message = pickMessage(cid, commit.message, options.recordsOrigin)
  return { before: parentTree, after: commit.tree, message, labels }
}

/** The parent against which a commit is a change; undefined for a root commit. */
function findParent(cid: CID, { parents }: Commit, { mainline }: ReplayOptions): CID | undefined {
  const name = shortenCid(cid)
  if (mainline === undefined) {
    if (parents.length < 2) return parents[0]
    throw new InvalidError('mainline-needed', `commit ${name} is a merge, and could be a change against any parent`, {
      hint: 'say with -m which parent it is to be compared with: -m 1 is the branch that was merged into',
      details: { commit: cid.toString(), parents: parents.map(String) },
    })
  }
  const parent = parents[mainline - 1]
  if (parent !== undefined) return parent
  throw new InvalidError('mainline-missing', `commit ${name} has no parent ${mainline}`, {
    hint: 'parents are counted from 1; only merges have more than one',
    details: { commit: cid.toString(), parents: parents.map(String) },
  })
}

/** What becomes of a commit that changes nothing here. */
function fateOf({ before, after }: Change, { empty, redundant }: ReplayOptions): 'keep' | 'stop' | 'drop' {
  return isSameTree(before, after) ? empty : redundant
}

/** Whether both are one tree; none is as good as one with nothing in it. */
export function isSameTree(a: CID | undefined, b: CID | undefined): boolean {
  return (a ?? EMPTY_DIRECTORY.cid).equals(b ?? EMPTY_DIRECTORY.cid)
}

/** Whether a commit stands on another already (or, as a root, on none), so that it can stay as it is. */
function isChildOf({ parents }: Commit, commit: CID | undefined): boolean {
  const [parent, ...others] = parents
  return (
    others.length === 0 && (parent === undefined || commit === undefined ? parent === commit : parent.equals(commit))
  )
}
