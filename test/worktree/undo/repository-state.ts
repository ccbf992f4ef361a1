import type { Repository } from '../../../src/repo/repository.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { listStashes } from '../../../src/worktree/stash/stash-list.ts'
import { folderContent, type FolderContent } from '../support/folder-content.ts'

/** All that undo brings back. */
export interface RepositoryState {
  refs: string[]
  head: string
  index: string[]
  sequence: string | undefined
  stashes: string[]
  files: FolderContent
}

export async function readState(repository: Repository): Promise<RepositoryState> {
  const head = await repository.refs.head()
  const index = await openIndex(repository)
  const pseudo = await repository.refs.list('refs/pseudo')
  const all = [...(await repository.refs.list()), ...pseudo]
  return {
    refs: all.map(({ name, cid }) => `${name} ${cid.toString()}`),
    head: 'branch' in head ? head.branch : head.detached.toString(),
    index: [
      ...Array.from(index.entries(), ({ path, stage, kind, cid }) => `${path} ${stage} ${kind} ${cid.toString()}`),
      ...index.notes.map((note) => JSON.stringify(note)),
    ],
    sequence: JSON.stringify(readSequence(repository)),
    stashes: await Array.fromAsync(listStashes(repository), ({ cid, message }) => `${message} ${cid.toString()}`),
    files: folderContent(repository.worktree as string),
  }
}
