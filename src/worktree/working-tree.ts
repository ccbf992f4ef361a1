import { join } from 'node:path'

import { InvalidError } from '../model/errors.ts'
import type { Repository } from '../repo/repository.ts'
import type { KeptBits } from './checkout/found-content.ts'

/** The working tree of a repository. Throws InvalidError `no-worktree` for a bare one. */
export function worktreeOf({ worktree, path }: Repository): string {
  if (worktree !== undefined) return worktree
  throw new InvalidError('no-worktree', `the repository is bare and has no working tree: ${path}`, {
    hint: 'clone it to work on its files',
    details: { path },
  })
}

/** The repository's own ignore file. */
export function ignoreFileOf({ path }: Repository): string {
  return join(path, 'info', 'exclude')
}

/** What the file system of the working tree keeps. */
export function keepsOf({ config }: Repository): KeptBits {
  return { executableBit: config.get('core.executableBit'), symlinks: config.get('core.symlinks') }
}
