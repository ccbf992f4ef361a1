import { lstatSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { quoteName } from '../model/quote-name.ts'
import type { EntryKind, Stage } from '../worktree/index/index-entry.ts'
import type { StagingIndex } from '../worktree/index/staging-index.ts'
import type { StagedChange } from '../worktree/status/staged-changes.ts'
import type { Conflict, Status, UnstagedChange } from '../worktree/status/status.ts'
import { describeConflict, describeStaged, describeUnstaged } from './status-letters.ts'
import type { HeadDescription } from './status-text.ts'

/** A status in git's porcelain format, version 2 (git-status(1)), with CIDs for object names; `isBranchShown`: with headers. */
export function renderPorcelain2(
  worktree: string,
  head: HeadDescription & { head: CID | undefined },
  status: Status,
  { isBranchShown }: { isBranchShown: boolean },
): string[] {
  const paths = [...new Set([...status.staged, ...status.unstaged].map(({ path }) => path))]
  const staged = new Map(status.staged.map((change) => [change.path, change]))
  const unstaged = new Map(status.unstaged.map((change) => [change.path, change]))
  const entries = paths.map((path): [string, string] => {
    return [path, changedLine(worktree, status.index, { path, staged: staged.get(path), unstaged: unstaged.get(path) })]
  })
  const conflicts = status.conflicts.map((each): [string, string] => [
    each.path,
    conflictLine(worktree, status.index, each),
  ])
  const byPath = (a: [string, string], b: [string, string]) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]))
  return [
    ...(isBranchShown ? branchHeaders(head) : []),
    ...entries.sort(byPath).map(([, line]) => line),
    ...conflicts.map(([, line]) => line),
    ...status.untracked.map((path) => `? ${quoteName(path)}`),
    ...status.ignored.map((path) => `! ${quoteName(path)}`),
  ]
}

function branchHeaders({ branch, tracking, head }: HeadDescription & { head: CID | undefined }): string[] {
  const lines = [`# branch.oid ${head?.toString() ?? '(initial)'}`, `# branch.head ${branch ?? '(detached)'}`]
  if (tracking?.tracking === undefined) return lines
  lines.push(`# branch.upstream ${tracking.tracking.replace(/^refs\/(?:heads|remotes)\//, '')}`)
  if (head === undefined || tracking.commit === undefined) return lines
  const { ahead, behind } = tracking.distance ?? { ahead: '?', behind: '?' }
  return [...lines, `# branch.ab +${ahead} -${behind}`]
}

function changedLine(
  worktree: string,
  index: StagingIndex,
  change: { path: string; staged: StagedChange | undefined; unstaged: UnstagedChange | undefined },
): string {
  const { path, staged, unstaged } = change
  const position = index.find(path)
  const now = position === -1 ? undefined : { kind: index.kind(position), cid: index.cids(position).cid }
  const before = staged === undefined ? now : staged.before
  const x = staged === undefined ? '.' : describeStaged(staged).letter
  const y = unstaged === undefined ? '.' : describeUnstaged(unstaged.difference).letter
  const found = unstaged === undefined ? modeOf(now?.kind) : modeAt(join(worktree, path))
  const fields = [`${x}${y}`, 'N...', modeOf(before?.kind), modeOf(now?.kind), found, name(before?.cid), name(now?.cid)]
  if (staged?.from === undefined) return ['1', ...fields, quoteName(path)].join(' ')
  const score = `R${Math.floor((staged.similarity ?? 1) * 100)}`
  return `${['2', ...fields, score, quoteName(path)].join(' ')}\t${quoteName(staged.from)}`
}

function conflictLine(worktree: string, index: StagingIndex, conflict: Conflict): string {
  const sides = ([1, 2, 3] as const).map((stage) => sideOf(index, conflict.path, stage))
  const modes = [...sides.map((side) => modeOf(side?.kind)), modeAt(join(worktree, conflict.path))]
  const names = sides.map((side) => name(side?.cid))
  return ['u', describeConflict(conflict).letters, 'N...', ...modes, ...names, quoteName(conflict.path)].join(' ')
}

function sideOf(index: StagingIndex, path: string, stage: Stage): { kind: EntryKind; cid: CID } | undefined {
  const position = index.find(path, stage)
  return position === -1 ? undefined : { kind: index.kind(position), cid: index.cids(position).cid }
}

/** What stands for nothing, as git writes it. */
function name(cid: CID | undefined): string {
  return cid?.toString() ?? '0'.repeat(40)
}

const MODES: Record<EntryKind, string> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  directory: '040000',
}

function modeOf(kind: EntryKind | undefined): string {
  return kind === undefined ? '000000' : MODES[kind]
}

function modeAt(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return '000000'
  if (found.isSymbolicLink()) return MODES.symlink
  if (found.isDirectory()) return MODES.directory
  return (found.mode & 0o100) === 0 ? MODES.file : MODES.executable
}
