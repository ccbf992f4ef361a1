import { expect, it } from 'vitest'

import { type MetricsAccess, mayHaveMetrics } from '../../../src/http/listener/metrics-access.ts'

const HERE = { host: '127.0.0.1:8080' }

it.each<[MetricsAccess, string, Record<string, string>, boolean]>([
  ['loopback', '127.0.0.1', HERE, true],
  ['loopback', '::1', { host: '[::1]:8080' }, true],
  ['loopback', '::ffff:127.0.0.1', { host: 'localhost:8080' }, true],
  ['loopback', '192.0.2.7', HERE, false],
  ['loopback', '127.0.0.1', { host: 'data.example.org' }, false],
  ['loopback', '127.0.0.1', { host: '127.0.0.1.example.org' }, false],
  ['loopback', '127.0.0.1', {}, false],
  ['loopback', '127.0.0.1', { ...HERE, 'x-forwarded-for': '127.0.0.1' }, false],
  ['loopback', '127.0.0.1', { ...HERE, 'x-forwarded-proto': 'https' }, false],
  ['loopback', '127.0.0.1', { ...HERE, forwarded: 'for=192.0.2.7' }, false],
  ['loopback', '127.0.0.1', { ...HERE, via: '1.1 proxy' }, false],
  ['all', '192.0.2.7', { host: 'data.example.org', forwarded: 'for=192.0.2.7' }, true],
  ['off', '127.0.0.1', HERE, false],
])('%s: from %s with %j: %s', (access, remoteAddress, headers, isTold) => {
  expect(mayHaveMetrics(access, { headers, socket: { remoteAddress } })).toBe(isTold)
})
