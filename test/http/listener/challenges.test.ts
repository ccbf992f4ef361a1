import { describe, expect, it } from 'vitest'

import { CHALLENGE_MS, createChallenges } from '../../../src/http/listener/challenges.ts'

describe('a challenge', () => {
  it('is good once, for a minute, where it was given', () => {
    let now = 0
    const challenges = createChallenges(() => now)
    const [first, second] = [challenges.give(), challenges.give()]
    expect(first).not.toBe(second)
    expect(challenges.isGood(first)).toBe(true)
    expect(challenges.use(first)).toBe(true)
    expect(challenges.isGood(first)).toBe(false)
    expect(challenges.use(first)).toBe(false)
    expect(createChallenges(() => now).isGood(second)).toBe(false)
    now = CHALLENGE_MS + 1
    expect(challenges.isGood(second)).toBe(false)
  })

  it.each(['', 'x', '-'.repeat(48), 'A'.repeat(48)])('that was made up is none: %j', (text) => {
    const challenges = createChallenges()
    expect(challenges.isGood(text)).toBe(false)
    expect(challenges.use(text)).toBe(false)
  })

  it('takes no memory until somebody has signed it, and a bounded amount then', () => {
    let now = 0
    const challenges = createChallenges(() => now, { maxUsed: 100 })
    let used = 0
    while (used < 1000 && challenges.use(challenges.give())) used++
    expect(used).toBe(100)
    now = CHALLENGE_MS + 1
    expect(challenges.use(challenges.give())).toBe(true)
  })
})
