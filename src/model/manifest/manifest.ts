import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_JSON, DAG_PB, RAW } from '../cid.ts'
import { checkKeyName, checkLink, checkText, readLink, readList, readMap, readText } from '../commit/dag-json-fields.ts'
import { decodeNode, encodeNode, type NodeForm } from '../commit/dag-json-node.ts'
import { type DagJson, linkJson } from '../commit/dag-json.ts'
import { FieldProblem } from '../commit/field-problem.ts'
import { compareNames } from '../compare.ts'
import { entryNameProblem } from '../directory/entry-name.ts'
import { MAX_DESCRIPTION_BYTES } from '../limits.ts'
import { branchNameProblem, tagNameProblem } from '../ref-name.ts'

/** What a repository shows of itself under its own IPNS name. Written as DAG-JSON of type `jzfs/manifest/1`. */
export interface Manifest {
  /** What it is called: one name, as in a directory. */
  name: string
  /** What it is, for people; may be empty. */
  description: string
  /** The branch that a clone checks out: it need not be there yet. */
  defaultBranch?: string
  /** Sorted by the bytes of their names, each once. */
  branches: ManifestBranch[]
  /** The same. */
  tags: ManifestTag[]
}

/** A branch of a manifest. */
export interface ManifestBranch {
  /** What stands after `refs/heads/`. */
  name: string
  /** A commit. */
  head: CID
  /** The IPNS name of the branch itself (`k51…`), where it has one. */
  ipns?: string
}

/** A tag of a manifest, annotated or not. */
export interface ManifestTag {
  /** What stands after `refs/tags/`. */
  name: string
  /** An annotated tag, a commit, a directory or a file. */
  target: CID
}

/**
 * The block of a manifest. Throws InvalidError `manifest-field-invalid` (details: `field`) for what the format does not
 * allow: lists that are not sorted, and more branches and tags than fit into 1 MiB (some 6,000), among it.
 */
export function encodeManifest(manifest: Manifest): Block {
  return encodeNode(form, manifest)
}

/**
 * Reads a manifest strictly. Throws IntegrityError `not-a-manifest` for any other block (the message says what it is),
 * and `manifest-invalid` (details: `cid`, `field`) for one that breaks the format.
 */
export function decodeManifest(cid: CID, bytes: Uint8Array): Manifest {
  return decodeNode(form, cid, bytes)
}

const form: NodeForm<Manifest> = { type: 'jzfs/manifest/1', name: 'manifest', bulk: 'branches', check, read, write }

function write({ branches, defaultBranch, description, name, tags }: Manifest): DagJson {
  // In the order of their bytes, as DAG-JSON wants keys.
  return {
    branches: branches.map((branch) => ({ head: linkJson(branch.head), ipns: branch.ipns, name: branch.name })),
    defaultBranch,
    description,
    name,
    tags: tags.map((tag) => ({ name: tag.name, target: linkJson(tag.target) })),
    type: form.type,
  }
}

const REQUIRED = ['branches', 'description', 'name', 'tags', 'type']
const OPTIONAL = ['defaultBranch']

function read(json: unknown): Manifest {
  const fields = readMap('', json, REQUIRED, OPTIONAL)
  const manifest: Manifest = {
    name: readText('name', fields['name']),
    description: readText('description', fields['description']),
    branches: readList('branches', fields['branches']).map(readBranch),
    tags: readList('tags', fields['tags']).map(readTag),
  }
  if (Object.hasOwn(fields, 'defaultBranch')) {
    manifest.defaultBranch = readText('defaultBranch', fields['defaultBranch'])
  }
  return manifest
}

function readBranch(value: unknown, index: number): ManifestBranch {
  const at = `branches[${index}]`
  const fields = readMap(at, value, ['head', 'name'], ['ipns'])
  const branch = { name: readText(`${at}.name`, fields['name']), head: readLink(`${at}.head`, fields['head']) }
  return Object.hasOwn(fields, 'ipns') ? { ...branch, ipns: readText(`${at}.ipns`, fields['ipns']) } : branch
}

function readTag(value: unknown, index: number): ManifestTag {
  const at = `tags[${index}]`
  const fields = readMap(at, value, ['name', 'target'])
  return { name: readText(`${at}.name`, fields['name']), target: readLink(`${at}.target`, fields['target']) }
}

function check({ name, description, defaultBranch, branches, tags }: Manifest): void {
  checkRefPart('name', entryNameProblem(name))
  checkText('description', description, MAX_DESCRIPTION_BYTES)
  if (defaultBranch !== undefined) checkRefPart('defaultBranch', branchNameProblem(defaultBranch))
  for (const [index, branch] of branches.entries()) {
    const at = `branches[${index}]`
    checkRefPart(`${at}.name`, branchNameProblem(branch.name))
    checkLink(`${at}.head`, branch.head, [DAG_JSON], 'a commit')
    if (branch.ipns !== undefined) checkKeyName(`${at}.ipns`, branch.ipns)
  }
  for (const [index, tag] of tags.entries()) {
    const at = `tags[${index}]`
    checkRefPart(`${at}.name`, tagNameProblem(tag.name))
    checkLink(`${at}.target`, tag.target, [DAG_JSON, DAG_PB, RAW], 'a tag, a commit, a directory or a file')
  }
  checkOrder('branches', branches)
  checkOrder('tags', tags)
}

function checkRefPart(at: string, problem: string | undefined): void {
  if (problem !== undefined) throw new FieldProblem(at, problem)
}

function checkOrder(at: string, list: readonly { name: string }[]): void {
  const index = list.findIndex((each, i) => i > 0 && compareNames(list[i - 1]!.name, each.name) >= 0)
  if (index !== -1) throw new FieldProblem(`${at}[${index}]`, 'is not in the order of names, each once')
}
