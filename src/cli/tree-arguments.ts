import { parseCidText } from '../model/cid-text.ts'

/**
 * The revision that an argument of `cat` and `ls` means: `REV:PATH`, a CID or a path of IPFS as it stands, and anything else
 * as a path in HEAD from where the user stands.
 */
export function treeRevision(text: string): string {
  const isRevision = text.includes(':') || /^\/ip[fn]s\//.test(text) || parseCidText(text) !== undefined
  return isRevision ? text : pathInHead(text)
}

/** A path in HEAD, from where the user stands. */
export function pathInHead(path: string): string {
  return `HEAD:./${path}`
}
