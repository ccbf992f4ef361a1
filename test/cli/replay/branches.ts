import type { Step } from '../../support/both-scripts.ts'

/** main: base, ours; topic: base, b, two (changes a as ours does), c. */
export const BRANCHES: Step[] = [
  { a: '1\n2\n3\n' },
  'add .',
  'commit -q -m base',
  'switch -q -c topic',
  { b: 'b\n' },
  'add .',
  'commit -q -m b',
  { a: '1\ntopic\n3\n' },
  'commit -q -a -m two',
  { c: 'c\n' },
  'add .',
  'commit -q -m c',
  'switch -q main',
  { a: '1\nmain\n3\n' },
  'commit -q -a -m ours',
]
