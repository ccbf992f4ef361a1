import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { InvalidError } from '../model/errors.ts'
import { quoteName } from '../model/quote-name.ts'
import { type Blame, blame, type BlameOptions } from '../repo/blame/blame.ts'
import { MAX_BLAMED_BYTES, tooLarge } from '../repo/blame/file-versions.ts'
import type { CommitGraph } from '../repo/history/commit-graph.ts'
import type { Repository } from '../repo/repository.ts'
import { readSequence } from '../repo/sequence/sequence.ts'
import { explainFsError } from '../store/fs-errors.ts'
import { worktreeOf } from './working-tree.ts'

/**
 * Blames a file as it is in the working tree, as if it were committed now (with the other parents of a merge in progress).
 * Throws what `blame` throws, InvalidError `not-a-file`, and NotFoundError `path-missing`.
 */
export async function blameWorkingFile(
  repository: Repository,
  graph: CommitGraph,
  path: string,
  options: BlameOptions = {},
): Promise<Blame> {
  const bytes = readWorkingFile(join(worktreeOf(repository), path), path)
  const head = await repository.refs.headCommit()
  const sequence = readSequence(repository)
  const others = sequence?.kind === 'merge' && !sequence.squash ? sequence.theirs : []
  const parents = head === undefined ? [] : [head, ...others]
  return blame({ store: repository.store, graph }, { path, commit: undefined, parents, bytes }, options)
}

function readWorkingFile(absolute: string, path: string): Uint8Array {
  try {
    const stat = lstatSync(absolute)
    if (!stat.isFile()) {
      throw new InvalidError('not-a-file', `only files can be blamed, and this is none: ${quoteName(path)}`, {
        hint: 'name a file, or a revision in which it is one',
        details: { path },
      })
    }
    if (stat.size > MAX_BLAMED_BYTES) throw tooLarge(path, stat.size)
    return readFileSync(absolute)
  } catch (error) {
    throw explainFsError(error, absolute)
  }
}
