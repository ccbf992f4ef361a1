import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit, encodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { InvalidError } from '../../model/errors.ts'
import { subjectOf } from '../../repo/replay/replay-message.ts'
import type { Repository } from '../../repo/repository.ts'
import { readSequence, refuseSequence } from '../../repo/sequence/sequence.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { cleanMessage } from '../commit.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { refuseUnmerged, writeTree } from '../index/write-tree.ts'
import type { Pathspec } from '../pathspec/pathspec.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { worktreeOf } from '../working-tree.ts'
import { planStash, type StashPlan } from './plan-stash.ts'
import { STASH } from './stash-list.ts'

export interface PushStashOptions extends OpenIndexOptions, RewriteOptions {
  /** The command line, for the operation log. */
  command: string
  person: Person
  /** Default: the commit that it was made on. */
  message?: string | undefined
  pathspecs?: readonly Pathspec[]
  /** Which untracked files to take along, too: ignored ones only with `all`. */
  untracked?: 'none' | 'untracked' | 'all'
  /** Leave what is staged, in index and files (`--keep-index`). */
  keepIndex?: boolean
  /** Take what is staged and nothing else (`--staged`). */
  stagedOnly?: boolean
}

/** A stash that was made. */
export interface PushedStash extends RewrittenFiles {
  cid: CID
  message: string
}

/**
 * Puts local changes aside: what is staged, and what tracked files hold, becomes a stash, and index and files are as in HEAD
 * again, in one operation. Returns undefined where there is nothing to put aside.
 *
 * Throws, with nothing changed: ConflictError `index-unmerged`, `sequence-in-progress` (a rebase may be), `would-overwrite`
 * for untracked files in the way of what comes back (or, with `stagedOnly`, for staged files that were changed since);
 * InvalidError `nothing-to-stash-on` before the first commit; NotFoundError `pathspec-unmatched`.
 */
export async function pushStash(repository: Repository, options: PushStashOptions): Promise<PushedStash | undefined> {
  worktreeOf(repository)
  const { command, person } = options
  using lock = await repository.lock(command, options)
  const head = await repository.refs.headCommit()
  if (head === undefined) throw nothingToStashOn()
  const index = await openIndex(repository, options)
  refuseUnmerged(index)
  // What a merge brought would be lost from the next commit; a rebase goes on all the same.
  if (readSequence(repository)?.kind !== 'rebase') refuseSequence(repository, 'stash')
  const pack = await repository.store.createPack(options)
  try {
    const { tree, message: last } = decodeCommit(head, await repository.store.get(head))
    const plan = await planStash(repository, pack, { index, head: tree }, options)
    if (plan === undefined) return undefined
    const name = `${await headName(repository)}: ${shortenCid(head)} ${subjectOf(last)}`
    const { cid, message } = await writeStash(repository, pack, { index, head, name, plan }, options)
    const before = await repository.refs.read(STASH)
    const report = await rewriteFiles(
      repository,
      lock,
      pack,
      {
        command,
        person,
        refs: [{ name: STASH, before, after: cid, message }],
        ...(plan.files === undefined ? {} : { files: plan.files }),
        index: plan.index,
        indexBefore: index,
        tree: plan.index.tree,
        discarded: [],
      },
      options,
    )
    await repository.store.consolidate(lock, { signal: options.signal })
    return { cid, message, ...report }
  } finally {
    pack.abort()
  }
}

interface StashToWrite {
  index: StagingIndex
  head: CID
  /** What HEAD is, for messages. */
  name: string
  plan: StashPlan
}

/** Adds the commits of a stash, as git makes them. */
async function writeStash(
  { store }: Repository,
  pack: PackWriter,
  { index, head, name, plan }: StashToWrite,
  { person, message }: PushStashOptions,
): Promise<{ cid: CID; message: string }> {
  const treeOf = async (each: StagingIndex): Promise<CID> => {
    if (each.count === 0) pack.add(EMPTY_DIRECTORY)
    return writeTree(each, (block) => void pack.add(block), store)
  }
  const commit = async (each: StagingIndex, parents: CID[], text: string): Promise<CID> => {
    const tree = await treeOf(each)
    const block = encodeCommit({ tree, parents, author: person, committer: person, message: cleanMessage(text) })
    pack.add(block)
    return block.cid
  }
  const staged = await commit(index, [head], `index on ${name}`)
  const untracked = plan.untracked && (await commit(plan.untracked, [], `untracked files on ${name}`))
  const branch = name.slice(0, name.indexOf(': '))
  const text = message === undefined ? `WIP on ${name}` : `On ${branch}: ${message}`
  const parents = untracked === undefined ? [head, staged] : [head, staged, untracked]
  return { cid: await commit(plan.stashed, parents, text), message: text }
}

async function headName({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  return 'branch' in head ? head.branch.replace('refs/heads/', '') : '(no branch)'
}

function nothingToStashOn(): InvalidError {
  return new InvalidError('nothing-to-stash-on', 'there is no commit yet that a stash could be made on', {
    hint: 'commit first; what is staged is kept as it is',
  })
}
