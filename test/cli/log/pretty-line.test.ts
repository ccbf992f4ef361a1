import { describe, expect, it } from 'vitest'

import { prettyLine } from '../../../src/cli/log/pretty-line.ts'

const entry = (fields: object): string =>
  JSON.stringify({ level: 'warn', time: '2026-01-01T10:20:30.000Z', ...fields, event: 'exchange refused' })

describe('a line of the log, for people', () => {
  it('is time, level, event and fields', () => {
    const line = prettyLine(entry({ peer: '12D3', code: 'not-served', wants: [], message: 'two words' }), {
      color: false,
    })
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d warn {2}exchange refused {2}peer=12D3 code=not-served wants=\[\] message="two words"$/,
    )
  })

  it('has a coloured level where that is wanted', () => {
    expect(prettyLine(entry({}), { color: true })).toContain('\u001b[33mwarn \u001b[39m exchange refused')
  })

  it('cannot command the terminal', () => {
    const hostile = '\u001b[2J\u0007'
    for (const line of [entry({ peer: hostile }), `not an entry ${hostile}`, '{"event":"cut short']) {
      // oxlint-disable-next-line no-control-regex
      expect(prettyLine(line, { color: false })).not.toMatch(/[\u0000-\u001f]/)
    }
  })
})
