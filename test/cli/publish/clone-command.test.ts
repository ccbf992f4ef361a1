import { expect, it } from 'vitest'

import { cloneCommand } from '../../../src/cli/publish/clone-command.ts'

const [HERE, THERE] = ['/ip4/127.0.0.1/tcp/1/p2p/12D3', '/ip4/192.0.2.7/tcp/1/p2p/12D3']

it.each([
  [[HERE], `jzfs clone ipns://k51 --peer ${HERE}`],
  [[HERE, THERE], `jzfs clone ipns://k51 --peer ${THERE}`],
  [[], 'jzfs clone ipns://k51 --peer ADDRESS'],
])('what listens on %j is cloned by: %s', (addresses, line) => {
  expect(cloneCommand({ name: 'k51', addresses })).toBe(line)
})

it('can be pasted into a shell', () => {
  const line = cloneCommand({ program: '/my tools/jzfs', name: 'k51', folder: "it's", addresses: [HERE] })
  expect(line).toBe(`'/my tools/jzfs' clone ipns://k51 'it'\\''s' --peer ${HERE}`)
})
