import type { CID } from 'multiformats/cid'

/** A link as DAG-JSON writes it: the CID's text, base32 for version 1 and base58btc for version 0. */
export interface LinkJson {
  '/': string
}

/** Bytes as DAG-JSON writes them: base64 (RFC 4648, section 4) without padding. */
export interface BytesJson {
  '/': { bytes: string }
}

/** What our nodes are made of: DAG-JSON without numbers, booleans and null. */
export type DagJson =
  | string
  | LinkJson
  | BytesJson
  | readonly DagJson[]
  | { readonly [key: string]: DagJson | undefined }

/** A link in its DAG-JSON form. */
export function linkJson(cid: CID): LinkJson {
  return { '/': cid.toString() }
}

/** Bytes in their DAG-JSON form. */
export function bytesJson(bytes: Uint8Array): BytesJson {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { '/': { bytes: text.replace(/=+$/, '') } }
}

/**
 * The bytes of a DAG-JSON node (IPLD DAG-JSON specification): no white space, strings as `JSON.stringify` writes them.
 *
 * The caller gives maps with their keys in the order of their bytes, well-formed strings, and no key `/` of its own:
 * that is all that DAG-JSON's canonical form asks beyond `JSON.stringify`. Keys with an undefined value are left out.
 */
export function dagJsonBytes(value: DagJson): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8')
}
