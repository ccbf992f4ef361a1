import { describe, expect, it } from 'vitest'

import { escapeControls, quoteName } from '../../src/model/quote-name.ts'

describe('quoteName', () => {
  it('quotes names as git does', () => {
    expect(['plain', 'sp ace', 'quo"te', 'new\nline', 'back\\slash', 'bell\u0007', 'é'].map(quoteName)).toEqual([
      'plain',
      'sp ace',
      '"quo\\"te"',
      '"new\\nline"',
      '"back\\\\slash"',
      '"bell\\007"',
      'é',
    ])
  })
})

describe('escapeControls', () => {
  it('makes one line of any text, and leaves the rest of it', () => {
    expect(escapeControls('two\nlines, "quoted" \\ \u001b[2J \u009b2J é 😀')).toBe(
      'two\\nlines, "quoted" \\ \\033[2J \\2332J é 😀',
    )
  })
})
