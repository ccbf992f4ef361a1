import { InvalidError } from '../model/errors.ts'

const UNITS_MS: Record<string, number | undefined> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** The longest time that is taken: 100 years. */
const MAX_DURATION_MS = 3_155_760_000_000

/** Reads a time as IPFS programs write it (`7d`, `1h30m`, `300s`), in milliseconds. InvalidError `usage`. */
export function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text
  const sum = parts.reduce((total, [, count, unit = '']) => total + Number(count) * (UNITS_MS[unit] ?? 0), 0)
  if (isWhole && sum <= MAX_DURATION_MS) return Math.round(sum)
  throw new InvalidError('usage', `this is no time: ${text}`, { hint: 'write it like 7d, 36h, 1h30m or 300s' })
}

/** A time in milliseconds as `readDuration` reads it: `7d`, `1h30m`. */
export function durationText(timeMs: number): string {
  let left = timeMs
  const parts = Object.entries(UNITS_MS).flatMap(([unit, unitMs = 1]) => {
    const count = Math.floor(left / unitMs)
    left -= count * unitMs
    return count === 0 ? [] : [`${count}${unit}`]
  })
  return parts.join('') || '0s'
}
