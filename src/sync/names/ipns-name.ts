import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

import { SHA2_256 } from '../../model/cid.ts'
import { domainRefused } from '../../model/dnslink.ts'
import { InvalidError } from '../../model/errors.ts'
import { MAX_CID_LENGTH } from '../../model/limits.ts'

/** Multicodec `libp2p-key`: the CID of a public key. */
const LIBP2P_KEY = 0x72

/** Multihash `identity`: an Ed25519 key stands in its name whole. */
const IDENTITY = 0x00

/**
 * The one form in which we write and compare IPNS names: the public key's CIDv1 (codec libp2p-key) in base36, `k51…`.
 *
 * Takes any form of it: `ipns://NAME`, `/ipns/NAME`, NAME in any base, a peer id (`12D3Koo…`, `Qm…`). Throws
 * InvalidError `ipns-name-invalid` (details: `name`) for anything else, a path behind the name among it, and
 * `dnslink-unsupported` for a domain.
 */
export function parseIpnsName(text: string): string {
  const name = text.replace(/^(ipns:\/\/|\/ipns\/)/, '').replace(/\/$/, '')
  const multihash = name.length > MAX_CID_LENGTH ? undefined : readMultihash(name)
  if (multihash === undefined || (multihash.code !== IDENTITY && multihash.code !== SHA2_256)) {
    const hint = 'an IPNS name looks like ipns://k51…'
    const details = { name: text }
    throw (
      domainRefused(text) ??
      new InvalidError('ipns-name-invalid', `${JSON.stringify(text)} is no IPNS name`, { hint, details })
    )
  }
  return CID.createV1(LIBP2P_KEY, multihash).toString(base36)
}

/** The key under which records of a name are kept and asked for: `/ipns/` and the bytes of the key's multihash. */
export function ipnsRoutingKey(name: string): Uint8Array {
  return Buffer.concat([Buffer.from('/ipns/'), ipnsMultihash(name).bytes])
}

/** The name of a routing key, the other way round; undefined for a key of something else. */
export function nameOfRoutingKey(key: Uint8Array): string | undefined {
  const bytes = Buffer.from(key)
  if (bytes.subarray(0, 6).toString('latin1') !== '/ipns/') return undefined
  try {
    return parseIpnsName(CID.createV1(LIBP2P_KEY, Digest.decode(bytes.subarray(6))).toString(base36))
  } catch {
    return undefined
  }
}

/** The multihash of the public key behind a name. */
export function ipnsMultihash(name: string): Digest.Digest<number, number> {
  const { code, digest } = CID.parse(parseIpnsName(name), base36).multihash
  return Digest.create(code, digest)
}

function readMultihash(name: string): Digest.Digest<number, number> | undefined {
  try {
    // A peer id in its old form is a bare multihash in base58, which a CIDv0 is too.
    if (/^(1|Qm)/.test(name)) return Digest.decode(base58btc.baseDecode(name))
    const cid = name.startsWith('k') ? CID.parse(name, base36) : CID.parse(name)
    return cid.code === LIBP2P_KEY ? Digest.create(cid.multihash.code, cid.multihash.digest) : undefined
  } catch {
    return undefined
  }
}
