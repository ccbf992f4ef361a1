import { expect } from 'vitest'

import { createSeededRandom, type SeededRandom } from '../../worktree/support/seeded-random.ts'
import { compareLooks } from './compare-looks.ts'
import { openPairedHistory, type PairedHistory } from './paired-history.ts'
import { randomEdit } from './random-edit.ts'

/** What was compared, so that a test can tell that nothing of it was left out. */
export interface Tally {
  histories: number
  commits: number
  statuses: number
  merges: number
  conflicts: number
  looks: number
}

/** Makes a random history with both tools, and compares what they have and say at each step and in the end. */
export async function compareWholeHistory(seed: number, steps: number, tally: Tally): Promise<void> {
  const random = createSeededRandom(seed)
  const history = await openPairedHistory(() => random.pick([0, 1, 60, 3600, -100]))
  tally.histories++
  for (let step = 0; step < steps; step++) {
    const where = `seed ${seed}, step ${step}`
    const act = step < 3 ? 0 : random.below(10)
    if (act < 6) await editAndCommit(history, random, { where, tally })
    else if (act < 8) await goElsewhere(history, random)
    else await mergeAnother(history, random, { where, tally })
    expect(await treeOf(history), `${where}: the tree`).toEqual(treeOfGit(history))
    const files = history.files()
    expect(files.ours, `${where}: the files`).toEqual(files.theirs)
  }
  tally.commits += history.count
  tally.looks += await compareLooks(history, random, `seed ${seed}`)
}

interface Step {
  where: string
  tally: Tally
}

async function editAndCommit(history: PairedHistory, random: SeededRandom, { where, tally }: Step): Promise<void> {
  for (let edits = 1 + random.below(4); edits > 0; edits--) history.edit(randomEdit(history.files().ours, random))
  history.removeEmptyFolders()
  await compareStatus(history, `${where}: edited`)
  await history.jzfs(['add', '-A'])
  history.git(['add', '-A'])
  await compareStatus(history, `${where}: added`)
  tally.statuses += 2
  await history.commit()
}

async function compareStatus(history: PairedHistory, where: string): Promise<void> {
  // Without -uall git passes over a folder that stands where a tracked file was.
  for (const [flag, letters] of Object.entries({ '-uall': /^/, '--ignored': /^!!/ })) {
    const args = ['status', '--porcelain', flag]
    const lines = (output: string) =>
      output
        .split('\n')
        .filter((line) => letters.test(line))
        .toSorted()
    const { stdout } = await history.jzfs(args)
    expect(lines(stdout), `${where}: status ${flag}`).toEqual(lines(history.git(args)))
  }
}

/** To another branch, or a new one; sometimes a commit of the past becomes a branch. */
async function goElsewhere(history: PairedHistory, random: SeededRandom): Promise<void> {
  const branch = `b${random.below(4)}`
  const isNew = !history.git(['branch', '--list', branch]).includes(branch)
  const start = history.names(random.below(history.count))
  await history.jzfs(isNew ? ['switch', '-q', '-c', branch, start.ours] : ['switch', '-q', branch])
  history.git(isNew ? ['switch', '-q', '-c', branch, start.theirs] : ['switch', '-q', branch])
}

async function mergeAnother(history: PairedHistory, random: SeededRandom, { where, tally }: Step): Promise<void> {
  const { ours, theirs } = history.names(random.below(history.count))
  const flags = ['-m', 'merged', ...(random.chance(0.3) ? ['--no-ff'] : [])]
  const refusal = history.tryGit(['merge', '-q', ...flags, theirs])
  const isClean = refusal === undefined && unmergedOfGit(history).length === 0
  const { status } = await history.jzfs(['merge', '-q', ...flags, ours], [0, 1])
  tally.merges++
  expect(status === 0, `${where}: merge of ${theirs} is clean; ${refusal ?? unmergedOfGit(history)}`).toBe(isClean)
  if (isClean) return history.noteHead()
  tally.conflicts++
  const { stdout } = await history.jzfs(['ls-files', '-u'])
  const [conflicts, conflictsOfGit] = [stdout, unmergedOfGit(history)].map((lines) => stagesOf(history, lines))
  expect(conflicts, `${where}: the conflicts`).toEqual(conflictsOfGit)
  await history.jzfs(['merge', '--abort'])
  history.git(['merge', '--abort'])
}

function unmergedOfGit(history: PairedHistory): string {
  return history.git(['ls-files', '-u'])
}

/** `MODE STAGE PATH` of `MODE NAME STAGE<TAB>PATH`; what is moved aside has the name of a commit in its path. */
function stagesOf(history: PairedHistory, lines: string): string[] {
  return history
    .positions(lines)
    .map((line) => line.replace(/^(\d+) \S+ (\d)\t/, '$1 $2 '))
    .toSorted()
}

/** `MODE PATH` of each file of HEAD. */
function treeOfGit(history: PairedHistory): string[] {
  return treeLines(history.git(['ls-tree', '-r', '-z', 'HEAD']))
}

async function treeOf(history: PairedHistory): Promise<string[]> {
  const { stdout } = await history.jzfs(['ls-tree', '-r', '-z', 'HEAD'])
  return treeLines(stdout)
}

function treeLines(output: string): string[] {
  return output
    .split('\0')
    .slice(0, -1)
    .map((line) => line.replace(/^(\d+) \w+ \S+\t/, '$1 '))
}
