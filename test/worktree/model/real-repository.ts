import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { nextNumber } from '../../../src/repo/operation/operation-log.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { listStashes } from '../../../src/worktree/stash/stash-list.ts'
import { folderContent, withoutEmpty } from '../support/folder-content.ts'
import type { Files, Model } from './repository-model.ts'

/** What can be seen of a repository, in the words of the model. */
export interface Seen {
  branches: string[]
  head: string
  index: string[]
  files: string[]
  stashes: number
}

/** What the model says that can be seen. */
export function seenInModel({ branches, head, index, files, stashes }: Model): Seen {
  return {
    branches: [...branches].map(([name, { message }]) => `${name} ${message}`).sort(),
    head,
    index: Array.from(index, ([path, content]) => `${path} ${cidOf(RAW, Buffer.from(content)).toString()}`).sort(),
    files: Array.from(files, ([path, content]) => `${path} ${content}`).sort(),
    stashes: stashes.length,
  }
}

/** What can be seen of the repository at `top`, opened anew, and how many operations it has had. */
export async function seeRepository(top: string): Promise<{ seen: Seen; operations: number }> {
  const repository = await openRepository(top)
  try {
    const { refs, store, layout } = repository
    const branches: string[] = []
    for (const { name, cid } of await refs.list('refs/heads')) {
      const { message } = decodeCommit(cid, await store.get(cid))
      branches.push(`${name.slice('refs/heads/'.length)} ${message.trim()}`)
    }
    const head = await refs.head()
    const index = await openIndex(repository)
    const found = Object.entries(withoutEmpty(folderContent(top)))
    const seen = {
      branches: branches.sort(),
      head: 'branch' in head ? head.branch.slice('refs/heads/'.length) : head.detached.toString(),
      index: Array.from(index.entries(), ({ path, cid }) => `${path} ${cid.toString()}`).sort(),
      files: found.map(([path, content]) => `${path} ${content.replace(/^\d+ /, '')}`).sort(),
      stashes: (await Array.fromAsync(listStashes(repository))).length,
    }
    return { seen, operations: nextNumber(layout) }
  } finally {
    await repository.close()
  }
}

/** Changes a file as somebody would: folders come and go with what is in them. */
export function editFile(top: string, path: string, content: string | undefined): void {
  if (content !== undefined) {
    mkdirSync(join(top, dirname(path)), { recursive: true })
    writeFileSync(join(top, path), content)
    return
  }
  rmSync(join(top, path))
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    try {
      rmdirSync(join(top, folder))
    } catch {
      return
    }
  }
}

/** The model of a repository with one commit. */
export function firstModel(files: Files, message: string): Model {
  const branches = new Map([['main', { message, files, parents: [] }]])
  return { branches, head: 'main', index: files, files, stashes: [], done: [], undone: [], made: 0 }
}
