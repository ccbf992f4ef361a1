import { isAbsolute, normalize, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { parseCidText } from '../../model/cid-text.ts'
import { domainRefused } from '../../model/dnslink.ts'
import { InvalidError } from '../../model/errors.ts'

/** Where a remote is, and so how it is reached. */
export type RemoteUrl =
  /** A repository's manifest, or one branch: the name in any of its forms, not checked further. */
  | { kind: 'ipns'; name: string }
  /** A commit, and what it reaches. */
  | { kind: 'ipfs'; cid: string }
  /** A node, and the name of one of its repositories where it has several. */
  | { kind: 'peer'; address: string; repository: string | undefined }
  | { kind: 'http'; url: string }
  /** Another repository of this machine: an absolute path. */
  | { kind: 'folder'; path: string }
  | { kind: 'bundle'; path: string }

/**
 * Takes a URL apart: `ipns://NAME`, `ipfs://COMMIT`, `/ip4/…/p2p/PEER[/REPOSITORY]`, `http(s)://HOST/REPOSITORY`, a
 * directory or a `.car` bundle (also as `file://`); paths begin at `directory`. Throws InvalidError `remote-url-invalid`
 * (details: `url`).
 */
export function parseRemoteUrl(text: string, directory: string): RemoteUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (text.trim() !== text || text === '') throw invalid(text, 'it is empty, or has spaces around it')
  if (scheme === 'ipns' || text.startsWith('/ipns/')) return { kind: 'ipns', name: ipnsName(text) }
  if (scheme === 'ipfs' || text.startsWith('/ipfs/')) return { kind: 'ipfs', cid: commitOf(text) }
  if (scheme === 'http' || scheme === 'https') return { kind: 'http', url: httpUrl(text) }
  if (MULTIADDR.test(text)) return peerAddress(text)
  if (scheme === 'file') return localPath(filePath(text))
  if (scheme !== undefined) throw invalid(text, `${scheme}:// is not known`)
  return localPath(resolve(directory, text))
}

/**
 * The URL as it is kept in the configuration: a path becomes absolute, so that it means the same from any folder. Throws as
 * `parseRemoteUrl`.
 */
export function canonicalRemoteUrl(text: string, directory: string): string {
  const url = parseRemoteUrl(text, directory)
  return url.kind === 'folder' || url.kind === 'bundle' ? url.path : text
}

/** The protocols that an address of a node begins with. Any other path that begins with a slash is a folder. */
const MULTIADDR = /^\/(?:ip4|ip6|dns|dns4|dns6|dnsaddr)\//

const PEER_ADDRESS = /^(\/.+\/p2p\/[A-Za-z0-9]{40,})(?:\/([^/]+))?\/?$/

function peerAddress(text: string): RemoteUrl {
  const [, address, repository] = PEER_ADDRESS.exec(text) ?? []
  if (address !== undefined) return { kind: 'peer', address, repository }
  throw invalid(text, 'the address of a node ends with /p2p/PEER, or with /p2p/PEER/REPOSITORY')
}

function ipnsName(text: string): string {
  const name = text.replace(/^ipns:\/\/|^\/ipns\//i, '').replace(/\/$/, '')
  if (/^[A-Za-z0-9]{40,}$/.test(name)) return name
  throw domainRefused(text) ?? invalid(text, 'what follows is no IPNS name')
}

function commitOf(text: string): string {
  const cid = text.replace(/^ipfs:\/\/|^\/ipfs\//i, '').replace(/\/$/, '')
  if (parseCidText(cid) !== undefined) return cid
  throw invalid(text, 'what follows is no CID')
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') throw invalid(text, 'it names no host, or a port that cannot be')
  if (url.pathname === '/') throw invalid(text, 'it names no repository')
  if (url.search !== '' || url.hash !== '') throw invalid(text, 'it has a query or a fragment')
  if (url.username !== '' || url.password !== '') throw invalid(text, 'it has a user or a password')
  return text
}

function filePath(text: string): string {
  try {
    return fileURLToPath(text)
  } catch (cause) {
    throw invalid(text, 'it names no file of this machine', cause)
  }
}

function localPath(path: string): RemoteUrl {
  const plain = normalize(isAbsolute(path) ? path : resolve(path)).replace(/(?<=.)\/$/, '')
  return plain.endsWith('.car') ? { kind: 'bundle', path: plain } : { kind: 'folder', path: plain }
}

function invalid(text: string, problem: string, cause?: unknown): InvalidError {
  return new InvalidError('remote-url-invalid', `${JSON.stringify(text)} is not where a remote can be: ${problem}`, {
    hint: 'write ipns://NAME, ipfs://COMMIT, /ip4/…/p2p/PEER/REPOSITORY, https://HOST/REPOSITORY, a folder or a .car file',
    details: { url: text },
    cause,
  })
}
