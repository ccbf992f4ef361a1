import { realpathSync } from 'node:fs'

import type { Repository } from '../repo/repository.ts'
import { parsePathspecs, type Pathspec } from '../worktree/pathspec/pathspec.ts'
import type { Context } from './context.ts'
import type { WorkingRepository } from './here.ts'

/** The pathspecs that the user wrote, from where they stand. */
export function readPathspecs(context: Context, repository: WorkingRepository, texts: readonly string[]): Pathspec[] {
  return parsePathspecs(texts, { worktree: repository.worktree, cwd: realpathSync(context.cwd) })
}

/** The same for paths of commits: in a bare repository they start from the top. */
export function readHistoricPathspecs(
  context: Context,
  { worktree }: Pick<Repository, 'worktree'>,
  texts: readonly string[],
): Pathspec[] {
  const base = worktree === undefined ? { worktree: '/', cwd: '/' } : { worktree, cwd: realpathSync(context.cwd) }
  return parsePathspecs(texts, { ...base, isHistoric: true })
}
