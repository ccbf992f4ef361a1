/** A moment, and the offset from UTC of the place where it was noted. */
export interface Moment {
  /** Seconds since 1970-01-01T00:00:00Z. */
  seconds: number
  /** Minutes east of UTC. */
  offsetMinutes: number
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([+-])(\d\d):(\d\d)$/

/**
 * Reads a date as commits hold it: `2026-01-02T03:04:05+01:00` (RFC 3339, whole seconds, the offset always in digits,
 * UTC as `+00:00`). Returns undefined for anything else, including days and times that do not exist.
 */
export function parseDate(text: string): Moment | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const offsetMinutes = offsetOf(match[7] === '-', Number(match[8]), Number(match[9]))
  if (offsetMinutes === undefined) return undefined
  const seconds = secondsOf({ year, month, day, hour, minute, second })
  return seconds === undefined ? undefined : { seconds: seconds - offsetMinutes * 60, offsetMinutes }
}

/** A day and a time on the clock; month and day count from 1. */
export interface ClockTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

/** Seconds since 1970 of a clock time read as UTC; undefined where there is no such day or time. */
export function secondsOf(time: ClockTime): number | undefined {
  const { year, month, day, hour, minute, second } = time
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second
}

/** Minutes east of UTC; undefined beyond 23:59 and for `-00:00`, which RFC 3339 keeps for "unknown". */
export function offsetOf(isWest: boolean, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined
  const offset = hours * 60 + minutes
  if (isWest && offset === 0) return undefined
  return isWest ? -offset : offset
}

/** Writes a moment as commits hold it. Undefined where its year there is not one of four digits. */
export function formatDate(moment: Moment): string | undefined {
  const clock = new Date((moment.seconds + moment.offsetMinutes * 60) * 1000)
  const year = clock.getUTCFullYear()
  if (!Number.isSafeInteger(moment.seconds) || !(year >= 0 && year <= 9999)) return undefined
  if (!Number.isInteger(moment.offsetMinutes) || Math.abs(moment.offsetMinutes) >= 1440) return undefined
  return clock.toISOString().slice(0, 19) + formatOffset(moment.offsetMinutes, ':')
}

/** `+01:00`, or `+0100` with an empty separator. */
export function formatOffset(offsetMinutes: number, separator: string): string {
  const minutes = Math.abs(offsetMinutes)
  const sign = offsetMinutes < 0 ? '-' : '+'
  return sign + String(Math.floor(minutes / 60)).padStart(2, '0') + separator + String(minutes % 60).padStart(2, '0')
}

/** The date of a `Date` at an offset in minutes east of UTC, in the form of commits; the parts of a second are cut. */
export function dateOf(date: Date, offsetMinutes: number): string {
  const text = formatDate({ seconds: Math.floor(date.getTime() / 1000), offsetMinutes })
  if (text === undefined) throw new TypeError(`No such date: ${date.getTime()} ms at offset ${offsetMinutes} min`)
  return text
}
