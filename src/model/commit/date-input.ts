import { InvalidError } from '../errors.ts'
import { type ClockTime, dateOf, formatDate, type Moment, offsetOf, secondsOf } from './date.ts'

/** Minutes east of UTC that clocks showed at a moment where the user is. */
export type LocalOffset = (moment: Date) => number

/**
 * Reads a date as a person or another tool gives it, and returns it as commits hold it.
 *
 * Taken, as in git: `1700000000 +0100` and `@1700000000 +0100`; RFC 2822 (`Fri, 2 Jan 2026 03:04:05 +0100`); ISO 8601
 * with `T` or a space (`2026-01-02T03:04:05Z`, fractions of a second are dropped); and git's own default format. Where
 * there is no offset, `localOffset` gives it. Throws InvalidError `date-invalid`.
 */
export function readDate(text: string, localOffset: LocalOffset): string {
  const trimmed = text.trim()
  const date = readTimestamp(trimmed, localOffset) ?? readClock(trimmed, localOffset)
  const canonical = date && formatDate(date)
  if (canonical === undefined) throw dateError(text)
  return canonical
}

/** The date that `SOURCE_DATE_EPOCH` names: seconds since 1970, in UTC. Throws InvalidError `date-invalid`. */
export function readSourceDateEpoch(text: string): string {
  const canonical = /^\d{1,12}$/.test(text) ? formatDate({ seconds: Number(text), offsetMinutes: 0 }) : undefined
  if (canonical === undefined) throw dateError(text)
  return canonical
}

/** The date of a moment where the user is, as commits hold it. */
export function localDate(now: Date, localOffset: LocalOffset): string {
  return dateOf(now, localOffset(now))
}

function readTimestamp(text: string, localOffset: LocalOffset): Moment | undefined {
  // Fewer than nine digits without `@` could be a day: git reads those otherwise.
  const match = /^(?:@(\d{1,12})|(\d{9,12}))(?: ([+-]\d{4}))?$/.exec(text)
  if (match === null) return undefined
  const seconds = Number(match[1] ?? match[2])
  const offsetMinutes = match[3] === undefined ? localOffset(new Date(seconds * 1000)) : readOffset(match[3])
  return offsetMinutes === undefined ? undefined : { seconds, offsetMinutes }
}

const OFFSET = String.raw`(?: ?(?<offset>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?))?`
const TIME = String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,]\d+)?)?`
const WEEKDAY = '(?:mon|tue|wed|thu|fri|sat|sun)'
const ISO = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:T| +)${TIME}${OFFSET}$`, 'i')
const RFC_2822 = new RegExp(
  String.raw`^(?:${WEEKDAY}, *)?(?<day>\d\d?) (?<month>[a-z]{3}) (?<year>\d{4}) ${TIME}${OFFSET}$`,
  'i',
)
const GIT_DEFAULT = new RegExp(
  String.raw`^(?:${WEEKDAY} +)?(?<month>[a-z]{3}) +(?<day>\d\d?) ${TIME} (?<year>\d{4})${OFFSET}$`,
  'i',
)
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

function readClock(text: string, localOffset: LocalOffset): Moment | undefined {
  const groups = (ISO.exec(text) ?? RFC_2822.exec(text) ?? GIT_DEFAULT.exec(text))?.groups
  if (groups === undefined) return undefined
  const month = groups['month'] as string
  const time: ClockTime = {
    year: Number(groups['year']),
    month: /\d/.test(month) ? Number(month) : MONTHS.indexOf(month.toLowerCase()) + 1,
    day: Number(groups['day']),
    hour: Number(groups['hour']),
    minute: Number(groups['minute']),
    second: Number(groups['second'] ?? 0),
  }
  const wall = secondsOf(time)
  if (wall === undefined) return undefined
  const offset = groups['offset']
  const offsetMinutes = offset === undefined ? offsetAtWall(wall, localOffset) : readOffset(offset)
  return offsetMinutes === undefined ? undefined : { seconds: wall - offsetMinutes * 60, offsetMinutes }
}

/** The offset where only the clock on the wall is known: asked once more, since the first answer is for another moment. */
function offsetAtWall(wall: number, localOffset: LocalOffset): number {
  const first = localOffset(new Date(wall * 1000))
  return localOffset(new Date((wall - first * 60) * 1000))
}

function readOffset(text: string): number | undefined {
  if (/^[a-z]/i.test(text)) return 0
  const digits = text.slice(1).replace(':', '')
  const minutes = Number(digits.slice(2, 4))
  // Git writes -0000 for UTC at times; commits have one way to say it.
  return /^0+$/.test(digits) ? 0 : offsetOf(text.startsWith('-'), Number(digits.slice(0, 2)), minutes)
}

function dateError(text: string): InvalidError {
  return new InvalidError('date-invalid', `${JSON.stringify(text)} is not a date`, {
    hint: 'write it like 2026-01-02T03:04:05+01:00 or "@1767319445 +0100"',
  })
}
