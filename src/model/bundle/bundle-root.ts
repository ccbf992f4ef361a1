import { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_JSON, DAG_PB, RAW } from '../cid.ts'
import { checkLink, readLink, readList, readMap, readText } from '../commit/dag-json-fields.ts'
import { decodeNode, encodeNode, type NodeForm } from '../commit/dag-json-node.ts'
import { type DagJson, linkJson } from '../commit/dag-json.ts'
import { FieldProblem } from '../commit/field-problem.ts'
import { compareNames } from '../compare.ts'
import { MAX_CID_LENGTH } from '../limits.ts'
import { refNameProblem } from '../ref-name.ts'

/** What a bundle says of itself: the root of its CAR. Written as DAG-JSON of type `jzfs/bundle/1`. */
export interface BundleRoot {
  /** The branch, in full, that a clone checks out; left out where HEAD was detached or is not in the bundle. */
  head?: string
  /** Sorted by the bytes of their refs, each once. */
  heads: BundleHead[]
  /** Commits that whoever takes the bundle must have with all they reach; sorted by their text, each once. */
  prerequisites: CID[]
}

/** A ref of a bundle. */
export interface BundleHead {
  /** In full: `refs/heads/main`. */
  ref: string
  cid: CID
}

/** The block of a root. Throws InvalidError `bundle-field-invalid` (details: `field`). */
export function encodeBundleRoot(root: BundleRoot): Block {
  return encodeNode(form, root)
}

/** Reads a root strictly. Throws IntegrityError `not-a-bundle` and `bundle-invalid` (details: `cid`, `field`). */
export function decodeBundleRoot(cid: CID, bytes: Uint8Array): BundleRoot {
  return decodeNode(form, cid, bytes)
}

const form: NodeForm<BundleRoot> = { type: 'jzfs/bundle/1', name: 'bundle', bulk: 'heads', check, read, write }

function write({ head, heads, prerequisites }: BundleRoot): DagJson {
  // In the order of their bytes, as DAG-JSON wants keys.
  return {
    head,
    heads: heads.map(({ cid, ref }) => ({ cid: linkJson(cid), ref })),
    // As text: whoever pins the root is not to wait for what the bundle leaves out.
    prerequisites: prerequisites.map(String),
    type: form.type,
  }
}

function read(json: unknown): BundleRoot {
  const fields = readMap('', json, ['heads', 'prerequisites', 'type'], ['head'])
  const root: BundleRoot = {
    heads: readList('heads', fields['heads']).map((value, index) => {
      const at = `heads[${index}]`
      const head = readMap(at, value, ['cid', 'ref'])
      return { ref: readText(`${at}.ref`, head['ref']), cid: readLink(`${at}.cid`, head['cid']) }
    }),
    prerequisites: readList('prerequisites', fields['prerequisites']).map(readCidText),
  }
  if (Object.hasOwn(fields, 'head')) root.head = readText('head', fields['head'])
  return root
}

function readCidText(value: unknown, index: number): CID {
  const at = `prerequisites[${index}]`
  const text = readText(at, value)
  try {
    if (text.length <= MAX_CID_LENGTH) return CID.parse(text)
  } catch {
    // Said below.
  }
  throw new FieldProblem(at, 'must be the text of a CID')
}

function check({ head, heads, prerequisites }: BundleRoot): void {
  if (heads.length === 0) throw new FieldProblem('heads', 'is empty')
  for (const [index, { ref, cid }] of heads.entries()) {
    const at = `heads[${index}]`
    const isBranch = ref.startsWith('refs/heads/')
    const problem = isBranch || ref.startsWith('refs/tags/') ? refNameProblem(ref) : 'names neither a branch nor a tag'
    if (problem !== undefined) throw new FieldProblem(`${at}.ref`, problem)
    if (isBranch) checkLink(`${at}.cid`, cid, [DAG_JSON], 'a commit')
    else checkLink(`${at}.cid`, cid, [DAG_JSON, DAG_PB, RAW], 'a tag, a commit, a directory or a file')
  }
  for (const [index, cid] of prerequisites.entries()) checkLink(`prerequisites[${index}]`, cid, [DAG_JSON], 'a commit')
  checkOrder(
    'heads',
    heads.map(({ ref }) => ref),
  )
  checkOrder('prerequisites', prerequisites.map(String))
  if (head !== undefined && !heads.some(({ ref }) => ref === head && ref.startsWith('refs/heads/'))) {
    throw new FieldProblem('head', 'is no branch of the bundle')
  }
}

function checkOrder(at: string, names: readonly string[]): void {
  const index = names.findIndex((name, i) => i > 0 && compareNames(names[i - 1]!, name) >= 0)
  if (index !== -1) throw new FieldProblem(`${at}[${index}]`, 'is not in its order, each once')
}
