import { describe, expect, it } from 'vitest'

import { fetchLikeGit, pushLikeGit } from './like-git.ts'

// The slow suite does the same with many more seeds.
describe('by the rules of real git', () => {
  it('fetches', async () => {
    expect(await fetchLikeGit(Array.from({ length: 5 }, (_, seed) => seed))).toBeGreaterThan(0)
  })

  it('pushes', async () => {
    expect(await pushLikeGit(Array.from({ length: 5 }, (_, seed) => seed))).toBeGreaterThan(0)
  })
})
