import { describe, expect, it } from 'vitest'

import { fetchLikeGit, pushLikeGit } from './like-git.ts'

const seeds = Array.from({ length: 120 }, (_, seed) => 1000 + seed)

describe('by the rules of real git, with many seeds', { timeout: 600_000 }, () => {
  it('fetches', async () => {
    expect(await fetchLikeGit(seeds)).toBeGreaterThan(20)
  })

  it('pushes', async () => {
    expect(await pushLikeGit(seeds)).toBeGreaterThan(20)
  })
})
