import type { CID } from 'multiformats/cid'

import { compareNames } from '../../model/compare.ts'
import { ConflictError, IntegrityError } from '../../model/errors.ts'
import { decodeManifest } from '../../model/manifest/manifest.ts'
import { branchNameProblem } from '../../model/ref-name.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { isHeadStatementTrue } from '../names/head-statement.ts'
import type { IpnsRecord } from '../names/ipns-record.ts'
import type { KnownNames } from '../names/known-names.ts'
import { recordFromPeer } from '../names/record-from-peer.ts'
import type { ListedRefs } from '../protocol/ask-peer.ts'
import type { RemoteRef, RemoteRefs } from './remote.ts'

/** By what refs that a peer listed are believed. */
export interface RefsTrust {
  names: KnownNames
  now: Date
  /** Takes a record whose life is over. */
  allowExpired?: boolean | undefined
  /** The name that has to sign: the one that signed when the remote was first asked, or the one that its URL is. */
  trustedName?: string | undefined
}

/** A manifest that the last answer brought, so that it is not sent again. */
export type KnownManifest = { cid: CID; bytes: Uint8Array } | undefined

/**
 * What a peer listed, once it is believed: the name is the trusted one, its record is signed and does not go back, the
 * manifest is the one that the record names, and each head beside it is a branch of which the name has signed what it is called.
 *
 * Throws IntegrityError `remote-unsigned`, `manifest-not-signed`, `head-not-signed` (details: `peer`), ConflictError `remote-name-changed`
 * (details: `trusted`, `name`), what `KnownNames.accept` throws, `not-a-manifest` and `manifest-invalid`.
 */
export async function trustRefs(
  peer: string,
  { name, record, manifest, heads, writable }: Omit<ListedRefs, 'manifest'> & { manifest: KnownManifest },
  trust: RefsTrust,
): Promise<RemoteRefs> {
  if (name === undefined || record === undefined || manifest === undefined) throw unsigned(peer)
  requireName(peer, name, trust)
  const options = { now: trust.now, allowExpired: trust.allowExpired, from: peer }
  const accept = async (of: string, bytes: Uint8Array): Promise<IpnsRecord> => {
    try {
      return (await trust.names.accept(of, bytes, options)).record
    } catch (error) {
      throw recordFromPeer(error, peer)
    }
  }
  const accepted = await accept(name, record)
  if (!isSameBlock(accepted.cid, manifest.cid)) throw notSigned(peer, name, manifest.cid)
  const refs = new Map<string, RemoteRef>()
  const { name: called, branches, tags, defaultBranch } = decodeManifest(manifest.cid, manifest.bytes)
  for (const each of branches) refs.set(BRANCHES + each.name, { name: BRANCHES + each.name, cid: each.head })
  for (const each of tags) refs.set(TAGS + each.name, { name: TAGS + each.name, cid: each.target })
  for (const head of heads) {
    await requireStatement(peer, name, head)
    const own = await accept(head.name, head.record)
    refs.set(head.ref, { name: head.ref, cid: own.cid })
  }
  return {
    refs: [...refs.values()].toSorted((a, b) => compareNames(a.name, b.name)),
    head: defaultBranch === undefined ? undefined : BRANCHES + defaultBranch,
    name,
    sequence: accepted.sequence,
    called,
    writable,
  }
}

/** ConflictError `remote-name-changed` where another name signs than the one that is trusted. */
function requireName(peer: string, name: string, { trustedName }: RefsTrust): void {
  if (trustedName === undefined || trustedName === name) return
  throw new ConflictError('remote-name-changed', `${peer} is signed by ${name}, and not by ${trustedName} as before`, {
    hint: 'ask its owner; if that is right, say so with `jzfs remote set-url NAME URL`, which trusts what is found there next',
    details: { peer, trusted: trustedName, name },
  })
}

async function requireStatement(
  peer: string,
  repository: string,
  { ref, name, statement }: ListedRefs['heads'][number],
): Promise<void> {
  const isBranch = ref.startsWith(BRANCHES) && branchNameProblem(ref.slice(BRANCHES.length)) === undefined
  if (isBranch && (await isHeadStatementTrue({ repository, ref, name }, statement))) return
  throw new IntegrityError(
    'head-not-signed',
    `${peer} sent ${ref} as a branch of ${repository}, which did not sign that`,
    {
      hint: 'do not use this peer; fetch from another one',
      details: { peer, name: repository, ref },
    },
  )
}

function isSameBlock(one: CID, other: CID): boolean {
  return Buffer.compare(one.multihash.bytes, other.multihash.bytes) === 0
}

function unsigned(peer: string): IntegrityError {
  return new IntegrityError('remote-unsigned', `${peer} lists refs that nobody has signed`, {
    hint: 'ask its owner to publish the repository: `jzfs publish`',
    details: { peer },
  })
}

function notSigned(peer: string, name: string, cid: CID): IntegrityError {
  return new IntegrityError(
    'manifest-not-signed',
    `${peer} sent a manifest that ${name} did not sign: ${cid.toString()}`,
    {
      hint: 'do not use this peer; fetch from another one',
      details: { peer, name, cid: cid.toString() },
    },
  )
}
