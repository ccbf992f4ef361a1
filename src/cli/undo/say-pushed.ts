import { BRANCHES } from '../../repo/refs/branch.ts'
import { UPDATE_BY_PUSH } from '../../repo/refs/reflog.ts'
import type { Refs } from '../../repo/refs/refs.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Undone } from '../../worktree/undo/undo.ts'
import type { Terminal } from '../terminal.ts'
import { describeRef } from './describe-change.ts'

/** Says where a commit that an undo takes off a branch was pushed to: there it stays. */
export async function sayPushed(
  terminal: Terminal,
  { refs }: Pick<Repository, 'refs'>,
  { refs: taken = [] }: Pick<Undone, 'refs'>,
): Promise<void> {
  const commits = new Set(taken.flatMap(({ name, before }) => (name.startsWith(BRANCHES) ? [String(before)] : [])))
  if (commits.size === 0) return
  for (const { name, cid } of await refs.list('refs/remotes')) {
    if (!commits.has(cid.toString()) || !(await wasPushed(refs, name))) continue
    terminal.say(`note: what was pushed as ${describeRef(name)} is not taken back there`)
    terminal.say('hint: take it back there too: `jzfs push --force-with-lease`; or bring it back here: `jzfs redo`')
  }
}

/** Whether a push moved a tracking ref last. */
async function wasPushed(refs: Pick<Refs, 'log'>, name: string): Promise<boolean> {
  for await (const { message } of refs.log(name)) return message === UPDATE_BY_PUSH
  return false
}
