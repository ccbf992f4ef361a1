import { createRandom } from '../../support/random.ts'

/** Choices that are the same for the same seed. */
export interface SeededRandom {
  /** An integer in [0, limit). */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

export function createSeededRandom(seed: number): SeededRandom {
  const next = createRandom(seed)
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    chance: (probability) => next() < probability,
  }
}
