import { InvalidError } from './errors.ts'

/**
 * The error for an IPNS name that is a domain, `/ipns/example.org`: InvalidError `dnslink-unsupported` (details: `name`). What a domain
 * says in DNS (DNSLink) is signed by nobody, and is not asked for. Undefined for any other text.
 */
export function domainRefused(text: string): InvalidError | undefined {
  const domain = DOMAIN.exec(text)?.[1]
  if (domain === undefined) return undefined
  return new InvalidError('dnslink-unsupported', `${domain} is a domain, and DNSLink is not resolved`, {
    hint: `give what it links to, ipns://k51… or ipfs://CID: the TXT record of _dnslink.${domain} says it`,
    details: { name: text },
  })
}

const DOMAIN = /^(?:ipns:\/\/|\/ipns\/)?((?:[a-z0-9_-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*)(?:\/.*)?$/is
