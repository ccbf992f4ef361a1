import type { ClockFields } from './date-style.ts'

/** Shows a date by a template with the letters of `strftime`, in English; what is none of them stays as it is. */
export function formatByTemplate(template: string, fields: ClockFields): string {
  return template.replaceAll(/%([a-zA-Z%])/g, (whole, letter: string) => LETTERS[letter]?.(fields) ?? whole)
}

const LETTERS: Readonly<Record<string, (fields: ClockFields) => string>> = {
  a: ({ weekday }) => weekday,
  A: ({ clock }) => DAYS[clock.getUTCDay()] as string,
  b: ({ month }) => month,
  B: ({ clock }) => MONTHS[clock.getUTCMonth()] as string,
  c: ({ weekday, month, day, time, year }) => `${weekday} ${month} ${String(day).padStart(2)} ${time} ${year}`,
  C: ({ year }) => pad(Math.floor(year / 100)),
  d: ({ day }) => pad(day),
  D: ({ clock, day, year }) => `${pad(clock.getUTCMonth() + 1)}/${pad(day)}/${pad(year % 100)}`,
  e: ({ day }) => String(day).padStart(2),
  F: ({ date }) => date,
  h: ({ month }) => month,
  H: ({ time }) => time.slice(0, 2),
  I: ({ clock }) => pad(clock.getUTCHours() % 12 || 12),
  j: ({ clock }) => pad(dayOfYear(clock), 3),
  m: ({ clock }) => pad(clock.getUTCMonth() + 1),
  M: ({ time }) => time.slice(3, 5),
  n: () => '\n',
  p: ({ clock }) => (clock.getUTCHours() < 12 ? 'AM' : 'PM'),
  R: ({ time }) => time.slice(0, 5),
  s: ({ seconds }) => String(seconds),
  S: ({ time }) => time.slice(6, 8),
  t: () => '\t',
  T: ({ time }) => time,
  u: ({ clock }) => String(clock.getUTCDay() || 7),
  w: ({ clock }) => String(clock.getUTCDay()),
  x: ({ clock, day, year }) => `${pad(clock.getUTCMonth() + 1)}/${pad(day)}/${pad(year % 100)}`,
  X: ({ time }) => time,
  y: ({ year }) => pad(year % 100),
  Y: ({ year }) => String(year),
  z: ({ offset }) => offset,
  // A commit knows an offset, but not the name of a time zone.
  Z: () => '',
  '%': () => '%',
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function pad(number: number, digits = 2): string {
  return String(number).padStart(digits, '0')
}

function dayOfYear(clock: Date): number {
  const start = Date.UTC(clock.getUTCFullYear(), 0, 1)
  return Math.floor((clock.getTime() - start) / 86_400_000) + 1
}
