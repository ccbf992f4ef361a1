import { expect } from 'vitest'

import type { PlannedCommit } from '../../../repo/merge/support/paired-commits.ts'
import { createTreeMaker, type EditName } from '../../../repo/merge/support/random-trees.ts'
import type { FolderContent } from '../../support/folder-content.ts'
import { type PairedWorktrees, pairWorktrees, type SettleWay, type Side } from './paired-worktrees.ts'

const EDITS: EditName[] = [
  'edit',
  'edit',
  'edit',
  'edit',
  'add',
  'addInFolder',
  'remove',
  'mode',
  'type',
  'move',
  'moveEdited',
]
const CLASHES: EditName[] = [...EDITS, 'fileToFolder', 'folderToFile', 'removeFolder']

/** What was compared, so that a test can tell that nothing of it was left out. */
export type MergeTally = Record<Side['outcome'] | 'settled', number>

/**
 * Merges random commits in working trees with local work, by git and by ours, and compares what both leave: outcome, index,
 * status, files; and the same again once the merge is settled path by path and committed, or given up.
 */
export async function compareMerges(seed: number, count: number): Promise<MergeTally> {
  const plans = Array.from({ length: count }, (_, at) => planMerge(seed + at))
  await using pair = await pairWorktrees(
    plans.flatMap(({ commits }, at) => commits.map((each) => shifted(each, 3 * at))),
  )
  const tally: MergeTally = { merged: 0, conflicts: 0, refused: 0, settled: 0 }
  for (const [at, { below }] of plans.entries()) {
    const where = `seed ${seed + at}`
    await pair.checkOut(3 * at + 1)
    const checkedOut = pair.files()
    if (below(2) === 0) editSome(pair, below)
    const before = pair.files()
    const { isUnclear, ...git } = pair.mergeByGit(3 * at + 2)
    const { artefacts, conflicts, ...ours } = await pair.merge(3 * at + 2)
    // Where a path in conflict keeps our bytes git writes nothing, and so does not look for local changes.
    const isSafer = ours.outcome === 'refused' && git.outcome === 'conflicts'
    // Such a path that the user had removed is there again with ours, and is not with git.
    const isOurs = (path: string): boolean =>
      artefacts.includes(path) || (conflicts.includes(path) && !(path in before) && !(path in git.files))
    if (isSafer) expect(ours.files, `${where}, refused`).toEqual(before)
    else if (!isUnclear) expect({ ...ours, files: without(ours.files, isOurs) }, `${where}, merged`).toEqual(git)
    tally[ours.outcome]++
    expect(artefacts.every((path) => conflicts.some((each) => path.startsWith(`${each}~`)))).toBe(true)
    if (ours.outcome !== 'conflicts' || git.outcome !== 'conflicts') continue
    if (!isUnclear && below(2) === 0) {
      await settleAll(pair, git, below)
      const settled = await pair.commit()
      expect(settled.ours, `${where}, settled`).toEqual(settled.git)
      tally.settled++
      continue
    }
    const after = await pair.abort()
    // Files that the user had removed may come back, and nothing else: git itself brings back those that the merge removes.
    const back = without(checkedOut, (path) => path in before || !(path in after.ours))
    expect(after.ours, `${where}, given up`).toEqual(after.git ?? { ...back, ...before })
    expect(after.ours, `${where}, given up`).toMatchObject(before)
  }
  return tally
}

/** Settles each path in conflict in some way that it allows. */
async function settleAll(
  pair: PairedWorktrees,
  { index, files }: Side,
  below: (limit: number) => number,
): Promise<void> {
  const stages = new Map<string, string>()
  for (const line of index) {
    const [, stage, path] = /^\d+ ([123]) (.*)$/s.exec(line) ?? []
    if (path !== undefined) stages.set(path, (stages.get(path) ?? '') + stage)
  }
  for (const [path, there] of stages) {
    const ways: SettleWay[] = ['rm']
    if (there.includes('2')) ways.push('ours')
    if (there.includes('3')) ways.push('theirs')
    if (path in files) ways.push('add')
    await pair.settle(path, ways[below(ways.length)] as SettleWay)
  }
}

function without(files: FolderContent, isLeftOut: (path: string) => boolean): FolderContent {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !isLeftOut(path)))
}

function planMerge(seed: number): { commits: PlannedCommit[]; below: (limit: number) => number } {
  const maker = createTreeMaker(seed)
  const base = maker.create()
  const edits = maker.below(2) === 0 ? EDITS : CLASHES
  const sides = [0, 1].map(() => maker.change(base, edits, 1 + maker.below(6)))
  return {
    commits: [{ parents: [], leaves: base }, ...sides.map((leaves) => ({ parents: [0], leaves }))],
    below: maker.below,
  }
}

function shifted({ parents, leaves }: PlannedCommit, by: number): PlannedCommit {
  return { parents: parents.map((parent) => parent + by), leaves }
}

/** Local work: files changed, removed and made. */
function editSome(
  pair: { files(): object; edit(path: string, content: string | undefined): void },
  below: (limit: number) => number,
): void {
  const paths = Object.keys(pair.files())
  for (let left = below(3); left > 0; left--) {
    const path = paths[below(paths.length)]
    if (path !== undefined) pair.edit(path, below(4) === 0 ? undefined : `local work ${below(1000)}\n`)
  }
  const fresh = ['untracked', 'a/untracked', 'f/new0'][below(3)] as string
  if (below(2) === 0 && !paths.some((path) => fresh.startsWith(`${path}/`))) pair.edit(fresh, 'untracked work\n')
}
