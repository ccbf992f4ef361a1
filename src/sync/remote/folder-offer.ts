import { basename } from 'node:path'

import type { Person } from '../../model/commit/person.ts'
import { ConflictError, InvalidError } from '../../model/errors.ts'
import { encodeManifest } from '../../model/manifest/manifest.ts'
import { createReachedCommits, type ReachedCommits } from '../../repo/history/reached-commits.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Offer, OfferedRefs, RefUpdate } from '../protocol/offer.ts'

/** Who pushes to a folder, and by which command line: for the logs there. */
export interface FolderPusher {
  person: Person
  command: string
}

/**
 * What a repository of this machine offers to its user: all that its branches and tags reach, and, with a `pusher`, to
 * be pushed to. Made anew for each stream.
 */
export function createFolderOffer(repository: Repository, pusher: FolderPusher | undefined): Offer {
  let reached: Promise<ReachedCommits> | undefined
  const receiver = pusher && {
    repository,
    check: (updates: readonly RefUpdate[]) => checkPushed(repository, updates),
    moved: async () => {},
    ...pusher,
  }
  return {
    source: repository.store,
    mayServe: async (cid) => (await (reached ??= reachedIn(repository))).has(cid),
    openRepository: async () => ({
      name: folderName(repository),
      refs: () => offeredRefs(repository),
      receiver,
      // Whoever opened the repository closes it.
      close: async () => {},
    }),
  }
}

async function reachedIn({ refs, store }: Repository): Promise<ReachedCommits> {
  const listed = [...(await refs.list(BRANCHES)), ...(await refs.list(TAGS))]
  return createReachedCommits(
    store,
    listed.map(({ cid }) => cid),
  )
}

async function offeredRefs(repository: Repository): Promise<OfferedRefs> {
  const { refs } = repository
  const head = await refs.head()
  const branches = await refs.list(BRANCHES)
  const tags = await refs.list(TAGS)
  const block = encodeManifest({
    name: folderName(repository),
    description: '',
    ...('branch' in head ? { defaultBranch: head.branch.slice(BRANCHES.length) } : {}),
    branches: branches.map(({ name, cid }) => ({ name: name.slice(BRANCHES.length), head: cid })),
    tags: tags.map(({ name, cid }) => ({ name: name.slice(TAGS.length), target: cid })),
  })
  return { manifest: { name: undefined, record: undefined, block }, heads: [] }
}

function folderName({ worktree, path }: Repository): string {
  return basename(worktree ?? path) || 'repository'
}

/**
 * Throws InvalidError `ref-not-pushable` for what is neither branch nor tag, and ConflictError `branch-checked-out` for
 * the branch that somebody works on there: its files would not follow. Nor is the branch deleted that HEAD stands on.
 */
async function checkPushed({ refs, bare }: Repository, updates: readonly RefUpdate[]): Promise<void> {
  const head = await refs.head()
  for (const { name, after } of updates) {
    if (!name.startsWith(BRANCHES) && !name.startsWith(TAGS)) {
      throw new InvalidError('ref-not-pushable', `only branches and tags can be pushed to: ${name}`, {
        hint: 'push to refs/heads/NAME or refs/tags/NAME',
        details: { ref: name },
      })
    }
    if (!('branch' in head) || head.branch !== name) continue
    if (after === undefined) throw checkedOut(name, 'deletion of the current branch prohibited')
    if (!bare) throw checkedOut(name, 'branch is currently checked out')
  }
}

function checkedOut(ref: string, reason: string): ConflictError {
  return new ConflictError('branch-checked-out', reason, {
    hint: 'push to another branch, or to a bare repository (`jzfs init --bare`)',
    details: { ref },
  })
}
