import { realpathSync } from 'node:fs'

import { parsePathspecs, type Pathspec } from '../worktree/pathspec.ts'
import type { Context } from './context.ts'
import type { WorkingRepository } from './here.ts'

/** The pathspecs that the user wrote, from where they stand. */
export function readPathspecs(context: Context, repository: WorkingRepository, texts: readonly string[]): Pathspec[] {
  return parsePathspecs(texts, { worktree: repository.worktree, cwd: realpathSync(context.cwd) })
}
