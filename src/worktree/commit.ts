import type { CID } from 'multiformats/cid'

import { encodeCommit, decodeCommit, type Commit } from '../model/commit/commit.ts'
import type { Person } from '../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../model/directory/directory.ts'
import { ConflictError, InvalidError } from '../model/errors.ts'
import type { OperationPlan } from '../repo/operation/operation-plan.ts'
import { runOperation } from '../repo/operation/operation.ts'
import type { Head } from '../repo/refs/head.ts'
import type { Repository } from '../repo/repository.ts'
import { writeIndexFile } from './index/index-file.ts'
import { openIndex, type OpenIndexOptions } from './index/open-index.ts'
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
 * Records the index as a commit, and moves the branch of HEAD (or a detached HEAD) to it, in one operation.
 *
 * Throws ConflictError `nothing-to-commit` where the tree is that of the parent, ConflictError `index-unmerged`, InvalidError
 * `message-empty`, and NotFoundError `revision-not-found` for an amendment where there is no commit yet.
 */
export async function commitIndex(repository: Repository, options: CommitOptions): Promise<MadeCommit> {
  const message = cleanMessage(options.message)
  using lock = await repository.lock(options.command, options)
  const head = await repository.refs.head()
  const tip = await repository.refs.headCommit()
  const { parents, parentTree } = await findParents(repository, tip, options)
  const index = await openIndex(repository, options)
  const pack = await repository.store.createPack(options)
  try {
    const tree = await writeTree(index, (block) => void pack.add(block), repository.store)
    if (index.count === 0) pack.add(EMPTY_DIRECTORY)
    if (options.allowEmpty !== true && options.amend !== true) refuseSameTree(tree, parentTree)
    const { author, committer } = options
    const block = encodeCommit({ tree, parents, author, committer, message })
    pack.add(block)
    await pack.finish()
    const commit = decodeCommit(block.cid, block.bytes)
    const next = writeIndexFile(repository.layout.tmp, index, tree)
    await runOperation(repository, lock, commitPlan(head, tip, { cid: block.cid, commit }, next, options))
    await repository.store.consolidate(lock, options)
    return { cid: block.cid, commit, parentTree, branch: 'branch' in head ? head.branch : undefined }
  } catch (error) {
    pack.abort()
    throw error
  }
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
  next: string,
  { command, committer, amend }: CommitOptions,
): OperationPlan {
  const kind = amend === true ? ' (amend)' : before === undefined ? ' (initial)' : ''
  const message = `commit${kind}: ${commit.message.split('\n', 1)[0]}`
  const moved: Partial<OperationPlan> =
    'branch' in head
      ? { refs: [{ name: head.branch, before, after: cid, message }] }
      : { head: { before: head, after: { detached: cid }, message } }
  return { command, person: committer, index: { next }, ...moved }
}
