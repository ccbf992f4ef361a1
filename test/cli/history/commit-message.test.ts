import { describe, expect, it } from 'vitest'

import { indentMessage, messageParts, printableMessage } from '../../../src/cli/history/commit-message.ts'

describe('a message', () => {
  it('is taken apart at the first empty line', () => {
    expect(messageParts('\n one \ntwo\n \n\nbody\n\nmore\n')).toEqual({
      subject: ' one two',
      firstLines: [' one', 'two'],
      body: 'body\n\nmore\n',
    })
    expect(messageParts('')).toEqual({ subject: '', firstLines: [], body: '' })
  })

  it('is indented, with tabs as spaces', () => {
    expect(indentMessage('\n\nab\tc\n\n\td\n\n')).toBe('    ab      c\n    \n            d\n')
    expect(indentMessage('\n \n')).toBe('')
    expect(indentMessage('a\tb\n', 'tabs')).toBe('    a\tb\n')
  })

  it('cannot steer the terminal that it is shown on', () => {
    expect(printableMessage('a\u001b[2J\u0007b\r\n\tc\u007f\u009b1m')).toBe('a^[[2J^Gb^M\n\tc^??1m')
  })
})
