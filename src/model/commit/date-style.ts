import type { LocalOffset } from './date-input.ts'
import { formatByTemplate } from './date-template.ts'
import { formatOffset, type Moment, parseDate } from './date.ts'

/** A form in which dates are shown: the names and forms of git's `--date`. */
export type NamedDateStyle = 'default' | 'human' | 'iso' | 'iso-strict' | 'raw' | 'relative' | 'rfc' | 'short' | 'unix'

/**
 * How a date is shown: in a named form, or by a template with the letters of `strftime` (`%Y-%m-%d`); with a local offset
 * as the clocks showed it where the user is, not where it was noted. `human` leaves out what goes without saying for someone
 * whose clocks go by `here`; by UTC, if it is not given.
 */
export type DateStyle =
  | NamedDateStyle
  | { form: NamedDateStyle | { template: string }; localOffset?: LocalOffset; here?: LocalOffset }

/** Shows a date of a commit in one of git's styles; `relative` counts from `now`. TypeError where it is no such date. */
export function renderDate(date: string, style: DateStyle, now: Date): string {
  const moment = parseDate(date)
  if (moment === undefined) throw new TypeError(`Not a commit's date: ${date}`)
  if (style === 'default') return renderDefault(date, moment)
  if (typeof style === 'string') return RENDERERS[style](clockOf(moment), now)
  const { form, localOffset, here = localOffset } = style
  const offsetMinutes = localOffset?.(new Date(moment.seconds * 1000)) ?? moment.offsetMinutes
  const clock = { ...clockOf({ ...moment, offsetMinutes }), isLocal: localOffset !== undefined, here }
  return typeof form === 'string' ? RENDERERS[form](clock, now) : formatByTemplate(form.template, clock)
}

/** As the renderer of the same name, from the text alone: `log` shows a date for each of many thousand commits. */
function renderDefault(date: string, { seconds, offsetMinutes }: Moment): string {
  // 1970 began on a Thursday.
  const weekday = WEEKDAYS[(((Math.floor((seconds + offsetMinutes * 60) / 86_400) + 4) % 7) + 7) % 7] as string
  const month = MONTHS[Number(date.slice(5, 7)) - 1] as string
  const day = Number(date.slice(8, 10))
  return `${weekday} ${month} ${day} ${date.slice(11, 19)} ${Number(date.slice(0, 4))} ${date.slice(19, 22)}${date.slice(23)}`
}

/** A date taken apart, as a clock shows it. */
export interface ClockFields {
  seconds: number
  offset: string
  date: string
  weekday: string
  month: string
  day: number
  year: number
  time: string
  isLocal: boolean
  here: LocalOffset | undefined
  /** The same as a `Date` whose UTC fields are those of the clock. */
  clock: Date
}

const RENDERERS: Record<NamedDateStyle, (clock: ClockFields, now: Date) => string> = {
  default: ({ weekday, month, day, time, year, offset, isLocal }) =>
    `${weekday} ${month} ${day} ${time} ${year}${isLocal ? '' : ` ${offset}`}`,
  human,
  iso: ({ date, time, offset }) => `${date} ${time} ${offset}`,
  'iso-strict': ({ date, time, offset }) => `${date}T${time}${offset.slice(0, 3)}:${offset.slice(3)}`,
  raw: ({ seconds, offset }) => `${seconds} ${offset}`,
  relative: ({ seconds }, now) => relative(Math.floor(now.getTime() / 1000) - seconds),
  rfc: ({ weekday, month, day, time, year, offset }) => `${weekday}, ${day} ${month} ${year} ${time} ${offset}`,
  short: ({ date }) => date,
  unix: ({ seconds }) => String(seconds),
}

/** Every style, for messages and completion. */
export const DATE_STYLES = Object.keys(RENDERERS) as readonly NamedDateStyle[]

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function clockOf({ seconds, offsetMinutes }: Moment): ClockFields {
  const clock = new Date((seconds + offsetMinutes * 60) * 1000)
  const iso = clock.toISOString()
  return {
    seconds,
    offset: formatOffset(offsetMinutes, ''),
    date: iso.slice(0, 10),
    weekday: WEEKDAYS[clock.getUTCDay()] as string,
    month: MONTHS[clock.getUTCMonth()] as string,
    day: clock.getUTCDate(),
    year: clock.getUTCFullYear(),
    time: iso.slice(11, 19),
    isLocal: false,
    here: undefined,
    clock,
  }
}

/** Git's way to leave out what goes without saying: today in hours, this week by the day, this year without the year. */
function human(clock: ClockFields, now: Date): string {
  const { seconds, weekday, month, day, time, year, offset, here } = clock
  const hereMinutes = here?.(now) ?? 0
  const today = new Date(now.getTime() + hereMinutes * 60_000)
  const isThisYear = year === today.getUTCFullYear()
  const isThisMonth = isThisYear && clock.clock.getUTCMonth() === today.getUTCMonth()
  const daysAgo = today.getUTCDate() - day
  if (isThisMonth && daysAgo === 0) return relative(Math.floor(now.getTime() / 1000) - seconds)
  const isThisWeek = isThisMonth && daysAgo > 0 && daysAgo < 5
  if (!isThisYear) return `${month} ${day} ${year}`
  if (!isThisWeek) return `${weekday} ${month} ${day} ${time.slice(0, 5)}`
  const zone = offset === formatOffset(hereMinutes, '') ? '' : ` ${offset}`
  return `${weekday} ${time.slice(0, 5)}${zone}`
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
