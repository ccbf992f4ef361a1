import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { cidOf, DAG_JSON, DAG_PB, RAW } from '../cid.ts'
import { IntegrityError, InvalidError } from '../errors.ts'
import { MAX_COMMIT_BYTES } from '../limits.ts'
import { type DagJson, dagJsonBytes } from './dag-json.ts'
import { FieldProblem } from './field-problem.ts'

/** The DAG-JSON nodes that this version reads and writes. */
export type NodeType = 'jzfs/commit/1' | 'jzfs/tag/1' | 'jzfs/manifest/1' | 'jzfs/bundle/1'

/** How one type of node is written and read: `name` as in `commit`, codes `<name>-invalid` and `not-a-<name>`. */
export interface NodeForm<T> {
  readonly type: NodeType
  readonly name: 'commit' | 'tag' | 'manifest' | 'bundle'
  /** The field that makes a node too large. */
  readonly bulk: string
  /** Throws FieldProblem. */
  check(value: T): void
  /** Throws FieldProblem; what it returns is not checked yet. */
  read(json: unknown): T
  write(value: T): DagJson
}

/**
 * Writes a node. Throws InvalidError `commit-field-invalid`, `tag-field-invalid` or `manifest-field-invalid` (details:
 * `field`) for a value that the format does not allow.
 */
export function encodeNode<T>(form: NodeForm<T>, value: T): Block {
  try {
    form.check(value)
    const bytes = dagJsonBytes(form.write(value))
    if (bytes.length > MAX_COMMIT_BYTES)
      throw new FieldProblem(form.bulk, `makes it larger than ${MAX_COMMIT_BYTES} bytes`)
    return { cid: cidOf(DAG_JSON, bytes), bytes }
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error
    throw new InvalidError(`${form.name}-field-invalid`, `the ${form.name}'s ${error.field} ${error.message}`, {
      hint: `change the ${error.field} and try again`,
      details: { field: error.field },
    })
  }
}

/**
 * Reads a node strictly: its fields must be right, and writing it again must give the same bytes, so that one node has
 * one CID. Throws IntegrityError `not-a-commit`, `not-a-tag` or `not-a-manifest` for anything else than the type wanted,
 * saying what it is, and `commit-invalid` (…) (details: `cid`, `field`) for one that breaks its format.
 */
export function decodeNode<T>(form: NodeForm<T>, cid: CID, bytes: Uint8Array): T {
  const json = parseNode(form, cid, bytes)
  try {
    const value = form.read(json)
    form.check(value)
    if (!dagJsonBytes(form.write(value)).equals(bytes)) throw new FieldProblem('', NOT_CANONICAL)
    return value
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error
    throw invalidNode(form, cid, error)
  }
}

/**
 * The type of a DAG-JSON node by its last field, without reading the rest: undefined for any other block, and for one
 * whose bytes are not in canonical form.
 */
export function nodeType(cid: CID, bytes: Uint8Array): NodeType | undefined {
  if (cid.code !== DAG_JSON) return undefined
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'latin1',
    Math.max(0, bytes.length - 40),
  )
  // In valid JSON these unescaped quotes, and the one brace at the end, can only belong to the outermost map.
  if (end.endsWith(',"type":"jzfs/commit/1"}')) return 'jzfs/commit/1'
  if (end.endsWith(',"type":"jzfs/tag/1"}')) return 'jzfs/tag/1'
  if (end.endsWith(',"type":"jzfs/manifest/1"}')) return 'jzfs/manifest/1'
  if (end.endsWith(',"type":"jzfs/bundle/1"}')) return 'jzfs/bundle/1'
  return undefined
}

const NOT_CANONICAL = 'is not in canonical form: writing it again gives other bytes'

function parseNode<T>(form: NodeForm<T>, cid: CID, bytes: Uint8Array): unknown {
  if (cid.code !== DAG_JSON) throw notA(form, cid, codecName(cid.code))
  if (bytes.length > MAX_COMMIT_BYTES)
    throw invalidNode(form, cid, new FieldProblem('', `is over ${MAX_COMMIT_BYTES} bytes`))
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    throw notA(form, cid, 'a DAG-JSON block that is no valid JSON')
  }
  const type = typeof json === 'object' && json !== null ? (json as { type?: unknown }).type : undefined
  if (type !== form.type) throw notA(form, cid, describeType(type))
  return json
}

function codecName(code: number): string {
  if (code === RAW) return 'a raw block (file content)'
  if (code === DAG_PB) return 'a dag-pb block (a file or a directory)'
  return `a block of codec 0x${code.toString(16)}`
}

function describeType(type: unknown): string {
  if (type === 'jzfs/commit/1') return 'a commit'
  if (type === 'jzfs/tag/1') return 'an annotated tag'
  if (type === 'jzfs/manifest/1') return 'a repository manifest'
  if (type === 'jzfs/bundle/1') return 'the root of a bundle'
  if (typeof type !== 'string') return 'a DAG-JSON node without a type'
  return `a DAG-JSON node of the unknown type ${JSON.stringify(type.slice(0, 64))}`
}

function notA<T>(form: NodeForm<T>, cid: CID, what: string): IntegrityError {
  const isUnknown = what.includes('unknown type "jzfs/')
  return new IntegrityError(`not-a-${form.name}`, `${cid.toString()} is ${what}, not a ${form.name}`, {
    hint: isUnknown ? 'try a newer version of jzfs, which may read it' : `give the CID of a ${form.name}`,
    details: { cid: cid.toString(), is: what },
  })
}

function invalidNode<T>(form: NodeForm<T>, cid: CID, problem: FieldProblem): IntegrityError {
  const field = problem.field === '' ? '' : ` ${problem.field}`
  return new IntegrityError(`${form.name}-invalid`, `${form.name} ${cid.toString()}:${field} ${problem.message}`, {
    hint: 'do not trust it: it was made by a program that does not keep the format, or by a newer one',
    details: { cid: cid.toString(), field: problem.field },
  })
}
