import { InvalidError } from '../errors.ts'
import { type LocalOffset, readDate } from './date-input.ts'
import { parseDate } from './date.ts'

/**
 * Reads a moment as people say it to `--since`: any form of `readDate`; a day (`2026-01-02`, `2 Jan 2026`, `Jan 2`), with or
 * without a time (`10:30`, `noon`, `5pm`); `now`, `today`, `yesterday`, `last friday`; `2 weeks ago`, `2.weeks.ago`,
 * `3 days 2 hours ago`. As with git, a day without a time has the time of now. Returns seconds since 1970. Throws InvalidError
 * `date-invalid`.
 */
export function readApproximateDate(text: string, now: Date, localOffset: LocalOffset): number {
  const exact = readExactDate(text, localOffset)
  if (exact !== undefined) return exact
  const clock = new WallClock(now, localOffset)
  const words = text
    .toLowerCase()
    .split(/[^a-z0-9:+-]+/)
    .filter(Boolean)
  if (words.length === 0 || !words.reduce((isRead, word, at) => clock.read(word, words[at + 1]) && isRead, true)) {
    throw new InvalidError('date-invalid', `${JSON.stringify(text)} is not a date`, {
      hint: 'write it like 2026-01-02, 2026-01-02T03:04:05+01:00, yesterday or "2 weeks ago"',
    })
  }
  return clock.seconds()
}

function readExactDate(text: string, localOffset: LocalOffset): number | undefined {
  try {
    return parseDate(readDate(text, localOffset))?.seconds
  } catch (error) {
    if (error instanceof InvalidError) return undefined
    throw error
  }
}

const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  fortnight: 1_209_600,
}
const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const TIMES: Readonly<Record<string, number>> = { midnight: 0, noon: 12, tea: 17 }
const FILLERS = new Set(['ago', 'at', 'on', 'of', 'the', 'and', 'utc', 'z', 'am', 'pm', 'today', 'now'])

/** What the clock on the wall shows; words put its hands elsewhere. Months and years keep the day and the time. */
class WallClock {
  readonly #now: Date
  readonly #localOffset: LocalOffset
  /** Its UTC fields are those of the clock. */
  readonly #wall: Date
  #number: number | undefined
  #hasYear = false

  constructor(now: Date, localOffset: LocalOffset) {
    this.#now = now
    this.#localOffset = localOffset
    this.#wall = new Date(Math.floor(now.getTime() / 1000) * 1000 + localOffset(now) * 60_000)
  }

  /** Takes a word; false where it means nothing. */
  read(word: string, next: string | undefined): boolean {
    return (
      this.#readDay(word) ||
      this.#readTime(word, next) ||
      this.#readNumber(word) ||
      this.#readUnit(word.replace(/s$/, '')) ||
      this.#readName(word) ||
      FILLERS.has(word)
    )
  }

  seconds(): number {
    this.#takeDay()
    const wall = Math.floor(this.#wall.getTime() / 1000)
    const offset = this.#localOffset(new Date((wall - this.#localOffset(this.#now) * 60) * 1000))
    return wall - offset * 60
  }

  #readDay(word: string): boolean {
    const day = /^(\d{4})-(\d\d?)-(\d\d?)$/.exec(word)
    if (day === null) return false
    this.#wall.setUTCFullYear(Number(day[1]), Number(day[2]) - 1, Number(day[3]))
    this.#hasYear = true
    return true
  }

  #readTime(word: string, next: string | undefined): boolean {
    const time = /^(\d\d?)(?::(\d\d)(?::(\d\d))?)?(am|pm)?$/.exec(word)
    const half = time?.[4] ?? (next === 'am' || next === 'pm' ? next : undefined)
    if (time === null || (time[2] === undefined && half === undefined)) return false
    const hour = half === undefined ? Number(time[1]) : (Number(time[1]) % 12) + (half === 'pm' ? 12 : 0)
    const [minute, second] = [Number(time[2] ?? 0), Number(time[3] ?? 0)]
    if (hour > 23 || minute > 59 || second > 59) return false
    this.#wall.setUTCHours(hour, minute, second)
    return true
  }

  #readNumber(word: string): boolean {
    const named = word === 'a' || word === 'an' || word === 'last' ? 1 : NUMBERS.indexOf(word)
    const digits = /^\d{1,9}(?:st|nd|rd|th)?$/.test(word) ? Number.parseInt(word, 10) : named
    if (digits === -1) return false
    this.#takeDay()
    this.#number = digits
    return true
  }

  #readUnit(word: string): boolean {
    const unit = UNITS[word]
    const number = this.#number ?? 1
    if (unit !== undefined) this.#wall.setTime(this.#wall.getTime() - number * unit * 1000)
    else if (word === 'month') this.#wall.setUTCMonth(this.#wall.getUTCMonth() - number)
    else if (word === 'year') this.#wall.setUTCFullYear(this.#wall.getUTCFullYear() - number)
    else return false
    this.#number = undefined
    return true
  }

  #readName(word: string): boolean {
    const [month, weekday] = [MONTHS.indexOf(word.slice(0, 3)), WEEKDAYS.indexOf(word.slice(0, 3))]
    if (word === 'yesterday') this.#wall.setTime(this.#wall.getTime() - 86_400_000)
    else if (TIMES[word] !== undefined) this.#setHour(TIMES[word])
    else if (word.length >= 3 && weekday !== -1) this.#goToWeekday(weekday)
    else if (word.length >= 3 && month !== -1) this.#setMonth(month)
    else return false
    return true
  }

  /** The hour named last: yesterday's, where it is still to come. */
  #setHour(hour: number): void {
    const before = this.#wall.getTime()
    this.#wall.setUTCHours(hour, 0, 0)
    if (this.#wall.getTime() > before) this.#wall.setTime(this.#wall.getTime() - 86_400_000)
  }

  #goToWeekday(weekday: number): void {
    const days = (this.#wall.getUTCDay() - weekday + 7) % 7 || 7
    const weeks = Math.max(0, (this.#number ?? 1) - 1)
    this.#wall.setTime(this.#wall.getTime() - (days + weeks * 7) * 86_400_000)
    this.#number = undefined
  }

  #setMonth(month: number): void {
    const day = this.#number !== undefined && this.#number <= 31 ? this.#number : this.#wall.getUTCDate()
    this.#number = undefined
    this.#wall.setUTCMonth(month, day)
    if (!this.#hasYear && this.#wall.getTime() > this.#now.getTime() + 86_400_000 * 31) {
      this.#wall.setUTCFullYear(this.#wall.getUTCFullYear() - 1)
    }
  }

  /** A number that no unit follows is a year or a day of the month. */
  #takeDay(): void {
    const number = this.#number
    this.#number = undefined
    if (number === undefined) return
    if (number >= 1970 && number < 2100) {
      this.#hasYear = true
      this.#wall.setUTCFullYear(number)
    } else if (number >= 1 && number <= 31) this.#wall.setUTCDate(number)
  }
}
