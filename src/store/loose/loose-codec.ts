import { DAG_JSON, DAG_PB, RAW } from '../../model/cid.ts'

/**
 * The codec that a loose block probably has, since its file does not say: a commit or tag is a JSON object, a dag-pb node
 * begins with a link or with its data. A leaf may look like either; a node is never taken for a leaf.
 */
export function probableCodec(bytes: Uint8Array): number {
  if (bytes[0] === 0x7b && bytes[bytes.length - 1] === 0x7d) return DAG_JSON
  return bytes.length === 0 || bytes[0] === 0x12 || bytes[0] === 0x0a ? DAG_PB : RAW
}
