import { describe, expect, it } from 'vitest'

import { quoteName } from '../../src/model/quote-name.ts'

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
