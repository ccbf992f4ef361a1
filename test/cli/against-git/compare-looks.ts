import { expect } from 'vitest'

import type { SeededRandom } from '../../worktree/support/seeded-random.ts'
import type { PairedHistory } from './paired-history.ts'

const ORDERS = [[], ['--topo-order'], ['--date-order'], ['--author-date-order'], ['--reverse']]
const LIMITS = [[], ['--first-parent'], ['--no-merges'], ['--merges'], ['-n', '3'], ['--skip', '2'], ['--full-history']]
const ROUNDS = 4

/** Asks both tools about random revisions, ranges and paths of a history: the answers are equal. How many there were. */
export async function compareLooks(history: PairedHistory, random: SeededRandom, seed: string): Promise<number> {
  let looks = 0
  const compare = async (words: (side: 'ours' | 'theirs') => string[], may: number[] = [0]): Promise<void> => {
    looks++
    const theirs = history.positions(history.git(words('theirs')))
    const ours = history.positions((await history.jzfs(words('ours'), may)).stdout)
    expect(ours, `${seed}: git ${words('theirs').join(' ')}`).toEqual(theirs)
  }
  const paths = history.git(['ls-files', '-z']).split('\0').slice(0, -1)
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b, c] = [0, 0, 0].map(() => history.names(random.below(history.count)))
    if (a === undefined || b === undefined || c === undefined) continue
    const flags = [...random.pick(ORDERS), ...random.pick(LIMITS)]
    const path = random.pick(paths)
    const only = random.pick([[], ['--', path], ['--', 'a'], ['--', 'a', path]])
    await compare((side) => ['merge-base', '--all', a[side], b[side]], [0, 1])
    await compare((side) => ['rev-list', ...flags, a[side], `^${b[side]}`, ...only])
    await compare((side) => ['rev-list', ...flags, `${a[side]}...${b[side]}`, ...only])
    await compare((side) => ['log', '--format=%H %P %s', ...flags, a[side], b[side], `^${c[side]}`, ...only])
    await compare(() => ['log', '--format=%s', '--graph', '--all', ...only])
    await compare((side) => ['diff', '--name-status', '--no-renames', a[side], b[side]])
    await compare((side) => ['diff', '--name-status', '-M', a[side], b[side]])
    await compare((side) => ['diff', '--numstat', '--no-renames', a[side], b[side], '--', path])
    await compare((side) => ['diff', '--no-renames', a[side], b[side], '--stat'])
  }
  return looks
}
