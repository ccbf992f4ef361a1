import { describe, expect, it } from 'vitest'

import { runBoth, type Step } from '../../support/both-scripts.ts'

const BASE: Step[] = [{ a: '1\n2\n3\n', b: 'b\n', 'd/c': 'c\n' }, 'add .', 'commit -q -m base']

describe('as git, with its exit statuses:', () => {
  it('a list of stashes, and what cannot be done with it', async () => {
    const { ours, theirs } = await runBoth([
      { a: 'a\n' },
      'stash',
      ...BASE,
      'stash',
      'stash pop',
      'stash apply',
      'stash drop',
      'stash show',
      'stash list',
      'stash clear',
      'stash branch x',
      { run: 'stash nope', exits: [128, 129] },
      { a: 'one\n' },
      'stash -m first',
      { b: 'two\n', u: 'u\n' },
      'stash push -u -m second',
      { 'd/c': null },
      'stash push -q',
      'stash apply 1',
      { run: 'stash apply 1', exits: [1, 1] },
      'reset -q --hard',
      { u: null },
      { run: 'stash drop 7', exits: [128, 1] },
      'stash drop stash@{1}',
      'stash pop 1',
      'stash pop --index',
      'stash list',
      'stash push -- a',
      'stash push -- nowhere',
      'stash branch new',
    ])
    expect(ours).toEqual(theirs)
  })

  it('conflicts, and what is in the way', async () => {
    const { ours, theirs } = await runBoth([
      ...BASE,
      { a: 'stashed\n', u: 'u\n' },
      'add a',
      'stash -u',
      { a: 'committed\n' },
      'commit -q -a -m on',
      'stash pop --index',
      'stash pop',
      { run: 'stash', exits: [1, 128] },
      'stash list',
      { a: 'settled\n' },
      'add a',
      'commit -q -m settled',
      { u: null },
      'stash apply',
      'reset -q --hard',
      { u: null },
      'stash drop',
      { a: 'put aside\n', b: 'too\n' },
      'stash',
      { a: 'local\n' },
      'stash pop',
      'stash push -k -- a',
      'stash pop 1',
      'stash branch back',
    ])
    expect(ours).toEqual(theirs)
  })

  it('in the middle of a rebase', async () => {
    const { ours, theirs } = await runBoth([
      ...BASE,
      'switch -q -c topic',
      { a: 'topic\n' },
      'commit -q -a -m topic',
      'switch -q main',
      { a: 'main\n' },
      'commit -q -a -m main',
      'rebase main topic',
      { run: 'stash', exits: [1, 128] },
      { a: 'both\n' },
      'add a',
      'stash',
      'stash pop --index',
      'rebase --continue',
    ])
    expect(ours).toEqual(theirs)
  })
})
