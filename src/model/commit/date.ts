/** A moment, and the offset from UTC of the place where it was noted. */
export interface Moment {
  /** Seconds since 1970-01-01T00:00:00Z. */
  seconds: number
  /** Minutes east of UTC. */
  offsetMinutes: number
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/

/**
 * Reads a date as commits hold it: `2026-01-02T03:04:05+01:00` (RFC 3339, whole seconds, the offset always in digits,
 * UTC as `+00:00`). Returns undefined for anything else, including days and times that do not exist.
 */
export function parseDate(text: string): Moment | undefined {
  if (text.length !== 25 || !DATE.test(text)) return undefined
  const offsetMinutes = offsetOf(text[19] === '-', twoDigits(text, 20), twoDigits(text, 23))
  if (offsetMinutes === undefined) return undefined
  const seconds = secondsOf({
    year: twoDigits(text, 0) * 100 + twoDigits(text, 2),
    month: twoDigits(text, 5),
    day: twoDigits(text, 8),
    hour: twoDigits(text, 11),
    minute: twoDigits(text, 14),
    second: twoDigits(text, 17),
  })
  return seconds === undefined ? undefined : { seconds: seconds - offsetMinutes * 60, offsetMinutes }
}

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
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
export function secondsOf({ year, month, day, hour, minute, second }: ClockTime): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  return daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] as number)
}

/** Days of the proleptic Gregorian calendar. Years are counted from March, so that the leap day is their last. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const sinceMarch = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leaps + sinceMarch - 719_468
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
