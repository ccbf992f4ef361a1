import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readDate, readSourceDateEpoch } from '../../../src/model/commit/date-input.ts'
import { DATE_STYLES, renderDate } from '../../../src/model/commit/date-style.ts'
import { dateOf, formatDate, parseDate } from '../../../src/model/commit/date.ts'

const inBerlin = (moment: Date) => (moment.getUTCMonth() >= 3 && moment.getUTCMonth() <= 9 ? 120 : 60)

describe('the form of commits', () => {
  test('moment and text are one', () => {
    const year = 31_556_952
    fc.assert(
      fc.property(
        fc.integer({ min: -1969 * year, max: 8028 * year }),
        fc.integer({ min: -1439, max: 1439 }),
        (seconds, offsetMinutes) => {
          const text = formatDate({ seconds, offsetMinutes })
          expect(parseDate(text as string)).toEqual({ seconds, offsetMinutes })
          expect(Date.parse(text as string)).toBe(seconds * 1000)
        },
      ),
    )
  })

  test.each([
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05+01:00',
    '2026-01-02T03:04:05.0+01:00',
    '2026-01-02T03:04+01:00',
    '2026-01-02T03:04:05+0100',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05+01:60',
    '2026-01-02T03:04:05-00:00',
    '2026-02-29T03:04:05+01:00',
    '2026-13-02T03:04:05+01:00',
    '2026-00-02T03:04:05+01:00',
    '2026-01-00T03:04:05+01:00',
    '2026-01-02T24:00:00+01:00',
    '2026-12-31T23:59:60+00:00',
    '02026-01-02T03:04:05+01:00',
    '٢٠٢٦-01-02T03:04:05+01:00',
    ' 2026-01-02T03:04:05+01:00',
    '2026-01-02T03:04:05+01:00\n',
    '',
  ])('refused: %j', (text) => {
    expect(parseDate(text)).toBe(undefined)
  })

  test('leap days, UTC and the first years', () => {
    expect(parseDate('2024-02-29T00:00:00+00:00')).toEqual({ seconds: 1709164800, offsetMinutes: 0 })
    expect(parseDate('0001-01-01T00:00:00+00:00')?.seconds).toBe(-62135596800)
    expect(dateOf(new Date(1999), 0)).toBe('1970-01-01T00:00:01+00:00')
    expect(dateOf(new Date(-1), -90)).toBe('1969-12-31T22:29:59-01:30')
    expect(() => dateOf(new Date(NaN), 0)).toThrow(TypeError)
    expect(formatDate({ seconds: 1e12, offsetMinutes: 0 })).toBe(undefined)
  })
})

describe('what is read as a date', () => {
  test.each([
    ['@1700000000 +0100', '2023-11-14T23:13:20+01:00'],
    ['1700000000 -0330', '2023-11-14T18:43:20-03:30'],
    ['1700000000 -0000', '2023-11-14T22:13:20+00:00'],
    ['@0 +0000', '1970-01-01T00:00:00+00:00'],
    ['@1700000000', '2023-11-14T23:13:20+01:00'],
    ['Fri, 02 Jan 2026 03:04:05 +0100', '2026-01-02T03:04:05+01:00'],
    ['2 Jan 2026 03:04:05 GMT', '2026-01-02T03:04:05+00:00'],
    ['Fri Jan 2 03:04:05 2026 +0100', '2026-01-02T03:04:05+01:00'],
    ['2026-01-02T03:04:05+01:00', '2026-01-02T03:04:05+01:00'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05+00:00'],
    ['2026-01-02 03:04:05.678 -11:30', '2026-01-02T03:04:05-11:30'],
    ['2026-01-02 03:04', '2026-01-02T03:04:00+01:00'],
    ['2026-07-02T03:04:05', '2026-07-02T03:04:05+02:00'],
    ['2026-04-01T00:30:00', '2026-04-01T00:30:00+01:00'],
  ])('%s', (text, date) => {
    expect(readDate(text, inBerlin)).toBe(date)
  })

  test.each([
    '',
    'yesterday',
    '2026',
    '20260102',
    '2026-02-30T00:00:00Z',
    '2026-01-02T03:04:05+25:00',
    '@1e9 +0000',
    '@-1 +0000',
    '2 Foo 2026 00:00:00 Z',
    '@999999999999 +0000',
  ])('refused: %j', (text) => {
    expect(() => readDate(text, inBerlin)).toThrow(expect.objectContaining({ code: 'date-invalid' }))
  })

  test('SOURCE_DATE_EPOCH', () => {
    expect(readSourceDateEpoch('1700000000')).toBe('2023-11-14T22:13:20+00:00')
    expect(() => readSourceDateEpoch('1700000000.5')).toThrow(expect.objectContaining({ code: 'date-invalid' }))
  })
})

describe('git agrees', () => {
  let repository = ''
  const now = 1_767_319_445
  const env = (extra: NodeJS.ProcessEnv = {}) => ({
    PATH: process.env['PATH'],
    TZ: 'Europe/Berlin',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_TEST_DATE_NOW: String(now),
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@x',
    ...extra,
  })
  const git = (args: string[], extra?: NodeJS.ProcessEnv, input?: string) =>
    execFileSync('git', ['-C', repository, ...args], { env: env(extra), input, encoding: 'utf8' })

  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), 'jzfs-date-'))
    git(['init', '-q'])
  })
  afterAll(() => rmSync(repository, { recursive: true }))

  test('on every style', () => {
    const ages = [
      -5, 0, 1, 89, 90, 5370, 5400, 129_569, 129_600, 1_166_399, 1_209_600, 6_048_000, 31_500_000, 31_536_000,
      60_000_000, 70_000_000, 157_680_000, 500_000_000,
    ]
    const random = fc.sample(fc.integer({ min: 0, max: 1_500_000_000 }), { numRuns: 100, seed: 7 })
    const dates = [...ages, ...random].map((age, at) => ({
      seconds: now - age,
      offsetMinutes: ((at * 97) % 1440) - 720,
    }))
    const stream = dates.map(({ seconds }, at) => {
      const offset = renderDate(formatDate(dates[at] as (typeof dates)[0]) as string, 'raw', new Date()).split(' ')[1]
      return `commit refs/heads/x\nauthor A <a@x> ${seconds} ${offset}\ncommitter A <a@x> ${seconds} ${offset}\ndata 1\nx\n`
    })
    git(['fast-import', '--quiet'], {}, stream.join(''))
    for (const style of DATE_STYLES) {
      const shown = git(['log', '--reverse', '--topo-order', `--date=${style}`, '--format=%ad', 'x'])
        .trimEnd()
        .split('\n')
      const ours = dates.map((date) => renderDate(formatDate(date) as string, style, new Date(now * 1000)))
      // Git 2.39 writes UTC as Z in this style, and commits never do.
      expect(ours.map((text) => (style === 'iso-strict' ? text.replace('+00:00', 'Z') : text))).toEqual(
        style === 'iso-strict' ? shown.map((text) => text.replace('+00:00', 'Z')) : shown,
      )
    }
  })

  test.each([
    '@1700000000 +0100',
    '1700000000 -0330',
    'Fri, 02 Jan 2026 03:04:05 +0100',
    '2026-01-02T03:04:05Z',
    '2026-07-02 03:04:05',
    '2026-01-02 03:04:05.678 -11:30',
    'Fri Jan 2 03:04:05 2026 +0100',
  ])('on %s', (text) => {
    const [, seconds, offset] = /> (\d+) (\S+)/.exec(
      git(['var', 'GIT_AUTHOR_IDENT'], { GIT_AUTHOR_DATE: text }),
    ) as RegExpExecArray
    expect(renderDate(readDate(text, inBerlin), 'raw', new Date())).toBe(`${seconds} ${offset}`)
  })
})
