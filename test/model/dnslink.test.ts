import { expect, it } from 'vitest'

import { domainRefused } from '../../src/model/dnslink.ts'
import { parseRemoteUrl } from '../../src/repo/remote/remote-url.ts'
import { parseIpnsName } from '../../src/sync/names/ipns-name.ts'

it.each(['/ipns/example.org', 'ipns://en.example.org/wiki', 'ipns://example.org', 'example.org'])(
  '%s is a domain, and it is said what to give',
  (text) => {
    const error = expect.objectContaining({
      code: 'dnslink-unsupported',
      hint: expect.stringContaining('_dnslink.') as string,
    }) as unknown
    expect(domainRefused(text)).toEqual(error)
    expect(() => parseIpnsName(text)).toThrowError(error)
    if (text.includes('/')) expect(() => parseRemoteUrl(text, '/')).toThrowError(error)
  },
)

it.each(['ipns://nonsense', 'k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r', '/ipns/', '', '1.2.3.4'])(
  '%j is none',
  (text) => expect(domainRefused(text)).toBeUndefined(),
)
