import { expect } from 'vitest'

import { type FetchWords, pairRemotes, type PushWords } from '../../support/paired-remotes.ts'
import { createRandom } from '../../support/random.ts'

/**
 * Fetches with random words into random refs, and compares refs and exit status with those of real git. Returns how many
 * moved refs.
 */
export async function fetchLikeGit(seeds: readonly number[]): Promise<number> {
  const pair = await pairRemotes()
  let moved = 0
  for (const seed of seeds) {
    const words = fetchWords(createRandom(seed + 7919))
    const before = await pair.shuffle(seed)
    const ours = await pair.fetch(words)
    const args = ['fetch', '-q', 'origin', ...words.refspecs]
    if (words.tags !== 'follow') args.push(words.tags === 'all' ? '--tags' : '--no-tags')
    if (words.prune) args.push('--prune')
    if (words.force) args.push('--force')
    expect(ours, `seed ${seed}: git ${args.join(' ')}`).toEqual(pair.git(args))
    if (JSON.stringify(ours.here) !== JSON.stringify(before.here)) moved++
  }
  return moved
}

/** The same for pushes, which git is told to do all or none of. Returns how many were rejected. */
export async function pushLikeGit(seeds: readonly number[]): Promise<number> {
  const pair = await pairRemotes()
  let rejected = 0
  for (const seed of seeds) {
    const words = pushWords(createRandom(seed + 104_729))
    await pair.shuffle(seed)
    const ours = await pair.push(words)
    const args = ['push', '-q', '--atomic', 'origin', ...words.refspecs]
    if (words.force) args.push('--force')
    if (words.lease) args.push('--force-with-lease')
    if (words.prune) args.push('--prune')
    if (words.followTags) args.push('--follow-tags')
    const theirs = pair.git(args)
    expect(ours, `seed ${seed}: git ${args.join(' ')}`).toEqual(theirs)
    if (theirs.status === 1) rejected++
  }
  return rejected
}

const FETCH_SPECS = [
  [],
  [],
  ['main'],
  ['topic:refs/remotes/other/topic'],
  ['+refs/heads/*:refs/heads/*'],
  ['refs/heads/*:refs/remotes/origin/*'],
  ['refs/tags/v1:refs/tags/v1'],
  ['refs/tags/*:refs/tags/*'],
  ['main:refs/heads/topic'],
  ['nope'],
  ['refs/heads/*:refs/remotes/origin/*', '^refs/heads/topic'],
]

function fetchWords(random: () => number): FetchWords {
  const refspecs = FETCH_SPECS[Math.floor(random() * FETCH_SPECS.length)] ?? []
  return {
    refspecs,
    // git follows tags on what a negative refspec takes away: we do not.
    tags: refspecs.some((text) => text.startsWith('^'))
      ? 'none'
      : ((['follow', 'follow', 'all', 'none'] as const)[Math.floor(random() * 4)] ?? 'follow'),
    // git prunes what it is about to write where a short name is fetched to a ref: we leave that alone.
    prune: random() < 0.4 && !refspecs.some((text) => /^[^*]*:/.test(text)),
    force: random() < 0.2,
  }
}

const PUSH_SPECS = [
  ['main'],
  ['main', 'topic'],
  ['refs/heads/*:refs/heads/*'],
  ['refs/heads/*:refs/heads/*', 'refs/tags/*:refs/tags/*'],
  ['refs/tags/*:refs/tags/*'],
  ['+main', 'topic'],
  ['main:topic'],
  ['topic:refs/heads/new'],
  [':topic'],
  [':'],
  ['v1'],
  ['nope'],
  ['main:refs/heads/one', 'topic:refs/heads/one'],
]

function pushWords(random: () => number): PushWords {
  return {
    refspecs: PUSH_SPECS[Math.floor(random() * PUSH_SPECS.length)] ?? [],
    force: random() < 0.15,
    lease: random() < 0.25,
    prune: random() < 0.2,
    followTags: random() < 0.2,
  }
}
