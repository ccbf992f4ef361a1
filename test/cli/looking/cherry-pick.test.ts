import { expect, test } from 'vitest'

import { makeBothTools } from './both-tools.ts'

/** Two sides of one base; 2 and 4 make the same change, each on its own side, at another place of the file. */
test('what both sides changed in the same way is left out', async () => {
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}\n`)
  const base = lines.join('')
  const changed = base.replace('line 15\n', 'line fifteen\n')
  const files = (text: string, other = '') => new Map([['a', text], ...(other === '' ? [] : [['b', other] as const])])
  const { run } = await makeBothTools([
    { parents: [], message: 'base\n', files: files(base) },
    { parents: [0], message: 'left\n', files: files(base, 'left\n') },
    { parents: [1], message: 'same on the left\n', files: files(changed, 'left\n') },
    { parents: [0], message: 'right\n', files: files(`first\n${base}`) },
    { parents: [3], message: 'same on the right\n', files: files(`first\n${changed}`) },
  ])
  for (const range of ['c2...c4', 'c4...c2', 'c2...c3']) {
    for (const command of ['rev-list', 'rev-list --count', 'log --oneline', 'log --oneline --graph']) {
      const words = [...command.split(' '), '--left-right', '--cherry-pick', range]
      const { ours, theirs } = await run(...words)
      expect(ours, `git ${words.join(' ')}`).toEqual(theirs)
    }
  }
  const { ours } = await run('rev-list', '--cherry-pick', 'c2...c4')
  expect(ours.lines).toEqual(['<3>', '<1>', ''])
})
