import { readDate } from '../../model/commit/date-input.ts'
import { InvalidError } from '../../model/errors.ts'

const UNITS_MS: Record<string, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_629_800_000,
  year: 31_557_600_000,
}

/** `2.weeks.ago`, `90 days`, `1 day ago`. */
const AGO = /^(\d{1,6})[. ](second|minute|hour|day|week|month|year)s?(?:[. ]ago)?$/

/**
 * The moment before which something expires, in milliseconds since the epoch: `now` and `all` (Infinity), `never` and
 * `false` (-Infinity), a time ago as git writes it (`2.weeks.ago`, `90 days`), `2026-01-02`, or any date that a commit
 * takes. Throws InvalidError `date-invalid`.
 */
export function readExpiry(text: string, now: Date, localOffset: (moment: Date) => number): number {
  const word = text.trim().toLowerCase()
  if (word === 'now' || word === 'all') return Number.POSITIVE_INFINITY
  if (word === 'never' || word === 'false') return Number.NEGATIVE_INFINITY
  const [, count, unit] = AGO.exec(word) ?? []
  if (count !== undefined && unit !== undefined) return now.getTime() - Number(count) * UNITS_MS[unit]!
  const date = /^\d{4}-\d\d-\d\d$/.test(word) ? `${word}T00:00:00` : text
  try {
    return Date.parse(readDate(date, localOffset))
  } catch (cause) {
    throw new InvalidError('date-invalid', `${JSON.stringify(text)} is no time before which to expire`, {
      hint: 'give `now`, `never`, a time ago like `2.weeks.ago`, or a date like 2026-01-02',
      cause,
    })
  }
}
