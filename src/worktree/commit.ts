import type { CID } from 'multiformats/cid'

import { encodeCommit, decodeCommit, type Commit } from '../model/commit/commit.ts'
import type { Person } from '../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../model/directory/directory.ts'
import { ConflictError, InvalidError } from '../model/errors.ts'
import type { OperationPlan } from '../repo/operation/operation-plan.ts'
import { runOperation } from '../repo/operation/operation.ts'
import type { Head } from '../repo/refs/head.ts'
import type { Repository } from '../repo/repository.ts'
import { replayAfterCommit } from '../repo/sequence/replay-sequence.ts'
import { readSequence, refuseSequence, type Sequence } from '../repo/sequence/sequence.ts'
import { writeIndexFile } from './index/index-file.ts'
import { openIndex, type OpenIndexOptions } from './index/open-index.ts'
import { recordIndex } from './index/record-index.ts'
import { StagingIndex } from './index/staging-index.ts'
import { writeTree } from './index/write-tree.ts'

export interface CommitOptions extends OpenIndexOptions {
  /** The command line, for the operation log. */
  command: string
  message: string
  author: Person
  committer: Person
  /** Make the last commit anew, with its parents, instead of a new one on top (`--amend`). */
  amend?: boolean
  /** Commit also when the tree is that of the parent. */
  allowEmpty?: boolean
}

/** A commit that was made. */
export interface MadeCommit {
  cid: CID
  commit: Commit
  /** The tree of the first parent: what the commit is compared with. Undefined for a root commit. */
  parentTree: CID | undefined
  /** Full name of the branch that moved; undefined where HEAD is detached. */
  branch: string | undefined
}

/**
 * Records the index as a commit, and moves the branch of HEAD (or a detached HEAD) to it, in one operation. A merge in progress
 * ends with it: the commit has the parents of that, and may change nothing. Of a cherry-pick, revert or rebase that waits it is
 * the commit at which that does.
 *
 * Throws ConflictError `nothing-to-commit` where the tree is that of the parent, ConflictError `index-unmerged` and
 * `sequence-in-progress` (an amendment during a merge), InvalidError `message-empty` and `nothing-to-amend`.
 */
export async function commitIndex(repository: Repository, options: CommitOptions): Promise<MadeCommit> {
  const message = cleanMessage(options.message)
  using lock = await repository.lock(options.command, options)
  const head = await repository.refs.head()
  const tip = await repository.refs.headCommit()
  const sequence = readSequence(repository)
  if (options.amend === true) refuseSequence(repository, 'amend the last commit')
  const further = sequence?.kind === 'merge' && !sequence.squash ? sequence.theirs : []
  const { parents, parentTree } = await findParents(repository, tip, options)
  const index = await openIndex(repository, options)
  const pack = await repository.store.createPack(options)
  try {
    const tree = await writeTree(index, (block) => void pack.add(block), repository.store)
    if (index.count === 0) pack.add(EMPTY_DIRECTORY)
    const before = await recordIndex(index, pack, repository.store)
    if (options.allowEmpty !== true && options.amend !== true && further.length === 0) refuseSameTree(tree, parentTree)
    const { author, committer } = options
    const block = encodeCommit({ tree, parents: [...parents, ...further], author, committer, message })
    pack.add(block)
    await pack.finish()
    const commit = decodeCommit(block.cid, block.bytes)
    // What was known of conflicts is history now.
    const committed = new StagingIndex(index.columns, index.directories, tree)
    const next = writeIndexFile(repository.layout.tmp, committed, tree)
    const plan = commitPlan(head, tip, { cid: block.cid, commit }, { next, before }, options)
    const after = sequence && sequenceAfter(sequence, block.cid)
    await runOperation(repository, lock, { ...plan, ...(sequence && { sequence: { before: sequence, after } }) })
    await repository.store.consolidate(lock, options)
    return { cid: block.cid, commit, parentTree, branch: 'branch' in head ? head.branch : undefined }
  } catch (error) {
    pack.abort()
    throw error
  }
}

/** A merge ends; of other things that wait, the commit at which they do is made with this. */
function sequenceAfter(sequence: Sequence, commit: CID): Sequence | undefined {
  return sequence.kind === 'merge' ? undefined : replayAfterCommit(sequence, commit)
}

/** A message as it is kept, as git's: no trailing white space, no empty lines at the ends, one line feed last. */
export function cleanMessage(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd())
  const cleaned = lines
    .join('\n')
    .replace(/^\n+/, '')
    .replace(/\n+$/, '')
    .replaceAll(/\n{3,}/g, '\n\n')
  if (cleaned !== '') return `${cleaned}\n`
  throw new InvalidError('message-empty', 'the message is empty', { hint: 'give one with -m' })
}

async function findParents(
  { store }: Repository,
  tip: CID | undefined,
  { amend, signal }: CommitOptions,
): Promise<{ parents: CID[]; parentTree: CID | undefined }> {
  if (tip === undefined) {
    if (amend === true) throw new InvalidError('nothing-to-amend', 'there is no commit yet that could be amended')
    return { parents: [], parentTree: undefined }
  }
  const last = decodeCommit(tip, await store.get(tip, { signal }))
  if (amend !== true) return { parents: [tip], parentTree: last.tree }
  const [parent] = last.parents
  const parentTree = parent && decodeCommit(parent, await store.get(parent, { signal })).tree
  return { parents: last.parents, parentTree }
}

function refuseSameTree(tree: CID, parentTree: CID | undefined): void {
  if (!tree.equals(parentTree ?? EMPTY_DIRECTORY.cid)) return
  throw new ConflictError('nothing-to-commit', 'nothing is staged that the last commit does not have', {
    hint: 'stage changes with `jzfs add`, or use --allow-empty',
  })
}

function commitPlan(
  head: Head,
  before: CID | undefined,
  { cid, commit }: Pick<MadeCommit, 'cid' | 'commit'>,
  index: OperationPlan['index'],
  { command, committer, amend }: CommitOptions,
): OperationPlan {
  const kinds = { amend: amend === true, initial: before === undefined, merge: commit.parents.length > 1 }
  const kind = Object.entries(kinds).find(([, isSo]) => isSo)?.[0]
  const message = `commit${kind === undefined ? '' : ` (${kind})`}: ${commit.message.split('\n', 1)[0]}`
  const moved: Partial<OperationPlan> =
    'branch' in head
      ? { refs: [{ name: head.branch, before, after: cid, message }] }
      : { head: { before: head, after: { detached: cid }, message } }
  return { command, person: committer, index, ...moved }
}
