import { describe, expect, it } from 'vitest'

import { CHALLENGE_MS, createChallenges, type Signer } from '../../../src/http/listener/challenges.ts'

const signer: Signer = { peerId: 'peer X', isKnown: false }

describe('a challenge', () => {
  it('is good once, for a minute, where it was given', () => {
    let now = 0
    const challenges = createChallenges(() => now)
    const [first, second] = [challenges.give(), challenges.give()]
    expect(first).not.toBe(second)
    expect(challenges.isGood(first)).toBe(true)
    expect(challenges.use(first, signer)).toBe(true)
    expect(challenges.isGood(first)).toBe(false)
    expect(challenges.use(first, signer)).toBe(false)
    expect(createChallenges(() => now).isGood(second)).toBe(false)
    now = CHALLENGE_MS + 1
    expect(challenges.isGood(second)).toBe(false)
  })

  it.each(['', 'x', '-'.repeat(48), 'A'.repeat(48)])('that was made up is none: %j', (text) => {
    const challenges = createChallenges()
    expect(challenges.isGood(text)).toBe(false)
    expect(challenges.use(text, signer)).toBe(false)
  })

  it('takes no memory until somebody has signed it, and a bounded amount then, whoever that is', () => {
    let now = 0
    const challenges = createChallenges(() => now, { maxUsed: 160 })
    const useAll = (signerOf: (at: number) => Signer): number => {
      let used = 0
      while (used < 1000 && challenges.use(challenges.give(), signerOf(used))) used++
      return used
    }
    expect(useAll(() => signer)).toBe(10)
    // Free keys by the thousand leave room for those who are known.
    expect(useAll((at) => ({ peerId: `${at}`, isKnown: false }))).toBe(70)
    expect(challenges.use(challenges.give(), { peerId: 'another', isKnown: false })).toBe(false)
    expect(useAll(() => ({ peerId: 'a friend', isKnown: true }))).toBe(10)
    expect(useAll((at) => ({ peerId: `friend ${at}`, isKnown: true }))).toBe(70)
    now = CHALLENGE_MS + 1
    expect(useAll(() => signer)).toBe(10)
  })
})
