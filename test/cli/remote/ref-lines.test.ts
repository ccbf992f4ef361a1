import { expect, it } from 'vitest'

import { formatFetchLines, formatPushLines } from '../../../src/cli/remote/ref-lines.ts'

it('what others call refs, and why they refuse them, commands no terminal', () => {
  const line = { flag: '!', summary: '[remote rejected]', from: 'main', to: 'a\u009b2Jb', note: 'no\u009b31m\u001b[2J' }
  for (const [shown] of [formatFetchLines([line]), formatPushLines([line])]) {
    expect(shown).toMatch(/a\\2332Jb +\(no\\23331m\\033\[2J\)$/)
  }
})
