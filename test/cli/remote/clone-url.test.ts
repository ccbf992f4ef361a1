import { expect, test } from 'vitest'

import { cloneFolder } from '../../../src/cli/remote/clone-url.ts'

const PEER = '12D3KooWNe2LuDeQucA3hRp4ReoQhmW5HYsEP62zB3P3VpaxnWrg'
const NAME = 'k51qzi5uqu5dhyp63ygesq1odwd3zj3pwpx8jsn6it6rft3jhtgh2c0s4gwrok'

test.for([
  [`ipns://${NAME}`, 'beans', 'beans'],
  [`ipns://${NAME}`, undefined, NAME],
  [`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`, 'beans', 'beans'],
  [`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}/team`, 'beans', 'team'],
  ['http://127.0.0.1:8080/team', 'beans', 'team'],
  ['../there/beans', undefined, 'beans'],
  ['old.car', undefined, 'old'],
] as const)('a clone of %s that calls itself %s goes to %s', ([url, called, folder]) => {
  expect(cloneFolder(url, '/home/ann', false, called)).toBe(folder)
})
