import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_JSON, DAG_PB } from '../cid.ts'
import { MAX_COMMIT_BYTES, MAX_PARENTS, MAX_SIGNATURE_BYTES } from '../limits.ts'
import {
  checkKeyName,
  checkLink,
  checkText,
  readBytes,
  readLink,
  readList,
  readMap,
  readText,
} from './dag-json-fields.ts'
import { decodeNode, encodeNode, type NodeForm } from './dag-json-node.ts'
import { bytesJson, type DagJson, linkJson } from './dag-json.ts'
import { FieldProblem } from './field-problem.ts'
import { checkPerson, type Person, personJson, readPerson } from './person.ts'

/** One version of a dataset. Written as DAG-JSON of type `jzfs/commit/1`. */
export interface Commit {
  /** The root directory. */
  tree: CID
  /** Commits, the branch's own first; none for a root commit. */
  parents: CID[]
  author: Person
  committer: Person
  message: string
  /** The provenance record of the run that made this version. */
  run?: CID
  signature?: CommitSignature
}

/**
 * Who vouches for a commit: a signature over `jzfs-commit-signature:` and the commit's bytes without this field. It is
 * carried here, not judged.
 */
export interface CommitSignature {
  /** The signer's public key, as an IPNS name: a CIDv1 of codec libp2p-key in base36. */
  key: string
  value: Uint8Array
}

/**
 * The block of a commit. Throws InvalidError `commit-field-invalid` (details: `field`) for what the format does not
 * allow: text that is not Unicode, a person with `<` in the name, a tree that is not dag-pb, more than 1 MiB.
 */
export function encodeCommit(commit: Commit): Block {
  return encodeNode(form, commit)
}

/**
 * Reads a commit strictly. Throws IntegrityError `not-a-commit` for any other block (the message says what it is), and
 * `commit-invalid` (details: `cid`, `field`) for one that breaks the format.
 */
export function decodeCommit(cid: CID, bytes: Uint8Array): Commit {
  return decodeNode(form, cid, bytes)
}

const form: NodeForm<Commit> = { type: 'jzfs/commit/1', name: 'commit', bulk: 'message', check, read, write }

function write(commit: Commit): DagJson {
  const { signature } = commit
  // In the order of their bytes, as DAG-JSON wants keys.
  return {
    author: personJson(commit.author),
    committer: personJson(commit.committer),
    message: commit.message,
    parents: commit.parents.map(linkJson),
    run: commit.run && linkJson(commit.run),
    signature: signature && { key: signature.key, value: bytesJson(signature.value) },
    tree: linkJson(commit.tree),
    type: form.type,
  }
}

const REQUIRED = ['author', 'committer', 'message', 'parents', 'tree', 'type']
const OPTIONAL = ['run', 'signature']

function read(json: unknown): Commit {
  const fields = readMap('', json, REQUIRED, OPTIONAL)
  const parents = readList('parents', fields['parents'])
  if (parents.length > MAX_PARENTS) throw new FieldProblem('parents', `are more than ${MAX_PARENTS}`)
  const commit: Commit = {
    tree: readLink('tree', fields['tree']),
    parents: parents.map((parent, at) => readLink(`parents[${at}]`, parent)),
    author: readPerson('author', fields['author']),
    committer: readPerson('committer', fields['committer']),
    message: readText('message', fields['message']),
  }
  if (Object.hasOwn(fields, 'run')) commit.run = readLink('run', fields['run'])
  if (Object.hasOwn(fields, 'signature')) commit.signature = readSignature(fields['signature'])
  return commit
}

function readSignature(value: unknown): CommitSignature {
  const fields = readMap('signature', value, ['key', 'value'])
  return { key: readText('signature.key', fields['key']), value: readBytes('signature.value', fields['value']) }
}

function check(commit: Commit): void {
  checkLink('tree', commit.tree, [DAG_PB], 'a directory (dag-pb)')
  checkParents(commit.parents)
  checkPerson('author', commit.author)
  checkPerson('committer', commit.committer)
  checkText('message', commit.message, MAX_COMMIT_BYTES)
  if (commit.run !== undefined) checkNodeLink('run', commit.run)
  if (commit.signature !== undefined) checkSignature(commit.signature)
}

function checkParents(parents: readonly CID[]): void {
  if (parents.length > MAX_PARENTS) throw new FieldProblem('parents', `are more than ${MAX_PARENTS}`)
  for (const [at, parent] of parents.entries()) {
    checkNodeLink(`parents[${at}]`, parent)
    if (parents.findIndex((other) => other.equals(parent)) !== at)
      throw new FieldProblem(`parents[${at}]`, 'is there twice')
  }
}

function checkNodeLink(at: string, cid: CID): void {
  checkLink(at, cid, [DAG_JSON], 'a DAG-JSON node')
}

function checkSignature({ key, value }: CommitSignature): void {
  checkKeyName('signature.key', key)
  if (value.length === 0 || value.length > MAX_SIGNATURE_BYTES) {
    throw new FieldProblem('signature.value', `must have 1 to ${MAX_SIGNATURE_BYTES} bytes`)
  }
}
