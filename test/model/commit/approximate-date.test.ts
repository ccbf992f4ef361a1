import { execFileSync } from 'node:child_process'

import { expect, test } from 'vitest'

import { readApproximateDate } from '../../../src/model/commit/approximate-date.ts'

/** A Wednesday. */
const NOW = new Date('2026-06-17T13:14:15Z')

/** What git takes a date for: `rev-parse` turns it into seconds. */
function git(text: string): number {
  const env = { PATH: process.env['PATH'], TZ: 'UTC', GIT_TEST_DATE_NOW: String(NOW.getTime() / 1000) }
  const line = execFileSync('git', ['rev-parse', `--since=${text}`], { encoding: 'utf8', env })
  return Number(/\d+/.exec(line)?.[0])
}

test.each([
  '2 weeks ago',
  '2.weeks.ago',
  '1 day ago',
  '3 days 2 hours ago',
  '5 months ago',
  '2 years ago',
  'ten minutes ago',
  'yesterday',
  'now',
  'today',
  'noon',
  'midnight',
  'yesterday noon',
  'tea yesterday',
  'last friday',
  'last wednesday',
  '2 fridays ago',
  'last week',
  'last month',
  '2026-01-02',
  '2026-01-02 10:30',
  '2026-01-02T03:04:05+01:00',
  '@1700000000',
  '1700000000',
  '2 Jan 2026',
  'Jan 2 2026',
  'Jan 2',
  'January 15 2025 5pm',
  '10:30',
  '5pm yesterday',
  '15 March 2025 10:00:30',
])('%s, as git takes it', (text) => {
  expect(readApproximateDate(text, NOW, () => 0)).toBe(git(text))
})

test('clocks that go by another time', () => {
  expect(readApproximateDate('2026-01-02 10:30', NOW, () => 60)).toBe(Date.parse('2026-01-02T09:30:00Z') / 1000)
})

test.each(['', 'soon', 'next thing', '2 parsecs ago', '99:99'])('%j is none', (text) => {
  expect(() => readApproximateDate(text, NOW, () => 0)).toThrow(
    expect.objectContaining({ code: 'date-invalid' }) as Error,
  )
})
