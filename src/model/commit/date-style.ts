import { formatOffset, type Moment, parseDate } from './date.ts'

/** How a date is shown: the names and forms of git's `--date`. */
export type DateStyle = 'default' | 'iso' | 'iso-strict' | 'raw' | 'relative' | 'rfc' | 'short' | 'unix'

/** Shows a date of a commit in one of git's styles; `relative` counts from `now`. TypeError where it is no such date. */
export function renderDate(date: string, style: DateStyle, now: Date): string {
  const moment = parseDate(date)
  if (moment === undefined) throw new TypeError(`Not a commit's date: ${date}`)
  return RENDERERS[style](clockOf(moment), now)
}

type Clock = ReturnType<typeof clockOf>

const RENDERERS: Record<DateStyle, (clock: Clock, now: Date) => string> = {
  default: ({ weekday, month, day, time, year, offset }) => `${weekday} ${month} ${day} ${time} ${year} ${offset}`,
  iso: ({ date, time, offset }) => `${date} ${time} ${offset}`,
  'iso-strict': ({ date, time, offset }) => `${date}T${time}${offset.slice(0, 3)}:${offset.slice(3)}`,
  raw: ({ seconds, offset }) => `${seconds} ${offset}`,
  relative: ({ seconds }, now) => relative(Math.floor(now.getTime() / 1000) - seconds),
  rfc: ({ weekday, month, day, time, year, offset }) => `${weekday}, ${day} ${month} ${year} ${time} ${offset}`,
  short: ({ date }) => date,
  unix: ({ seconds }) => String(seconds),
}

/** Every style, for messages and completion. */
export const DATE_STYLES = Object.keys(RENDERERS) as readonly DateStyle[]

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function clockOf({ seconds, offsetMinutes }: Moment) {
  const clock = new Date((seconds + offsetMinutes * 60) * 1000)
  return {
    seconds,
    offset: formatOffset(offsetMinutes, ''),
    date: clock.toISOString().slice(0, 10),
    weekday: WEEKDAYS[clock.getUTCDay()] as string,
    month: MONTHS[clock.getUTCMonth()] as string,
    day: clock.getUTCDate(),
    year: clock.getUTCFullYear(),
    time: clock.toISOString().slice(11, 19),
  }
}

/** Git's rounding: each unit lasts until the next one says as much. */
function relative(seconds: number): string {
  if (seconds < 0) return 'in the future'
  if (seconds < 90) return ago(seconds, 'second')
  const minutes = Math.floor((seconds + 30) / 60)
  if (minutes < 90) return ago(minutes, 'minute')
  const hours = Math.floor((minutes + 30) / 60)
  if (hours < 36) return ago(hours, 'hour')
  const days = Math.floor((hours + 12) / 24)
  if (days < 14) return ago(days, 'day')
  if (days < 70) return ago(Math.floor((days + 3) / 7), 'week')
  if (days < 365) return ago(Math.floor((days + 15) / 30), 'month')
  if (days >= 1825) return ago(Math.floor((days + 183) / 365), 'year')
  const months = Math.floor((days * 24 + 365) / 730)
  const years = Math.floor(months / 12)
  return months % 12 === 0 ? ago(years, 'year') : `${count(years, 'year')}, ${ago(months % 12, 'month')}`
}

function ago(number: number, unit: string): string {
  return `${count(number, unit)} ago`
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`
}
