import type { Candidate } from './find-bisection.ts'

/**
 * Chooses among candidates, the best first, where some are skipped: the best if it is none of them; else one away from it,
 * since what stands beside a commit that cannot be tested can often not be tested either. Git's rule, with its numbers:
 * the same candidates give the same choice. Undefined where all are skipped.
 */
export function skipAway(
  candidates: readonly Candidate[],
  isSkipped: (id: string) => boolean,
  bad: string,
): Candidate | undefined {
  const [best] = candidates
  if (best === undefined || !isSkipped(best.id)) return best
  const left = candidates.filter(({ id }) => !isSkipped(id))
  const number = pseudoRandom(left.length)
  const index = Math.floor((Math.floor((left.length * number) / MODULO) * root(number)) / root(MODULO))
  const chosen = left[index] ?? left[0]
  if (chosen?.id !== bad) return chosen
  return left[index - 1] ?? left[0]
}

const MODULO = 32_768

function pseudoRandom(seed: number): number {
  const mixed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return Math.floor(mixed / 65_536) % MODULO
}

function root(value: number): number {
  return Math.floor(Math.sqrt(value))
}
