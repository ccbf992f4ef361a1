import { expect, it } from 'vitest'

import { DEFAULT_PEER_LIMITS } from '../../../src/node/network/peer-limits.ts'
import { openConfig } from '../../../src/repo/config/config.ts'

it('limits have one default, in the configuration and without one', () => {
  const config = openConfig({})
  for (const [name, value] of Object.entries(DEFAULT_PEER_LIMITS)) {
    expect({ name, value: config.find(`network.${name}`)?.value }).toEqual({ name, value })
  }
})
