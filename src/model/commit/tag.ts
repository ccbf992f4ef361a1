import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_JSON, DAG_PB, RAW } from '../cid.ts'
import { MAX_COMMIT_BYTES } from '../limits.ts'
import { tagNameProblem } from '../ref-name.ts'
import { checkLink, checkText, readLink, readMap, readText } from './dag-json-fields.ts'
import { decodeNode, encodeNode, type NodeForm } from './dag-json-node.ts'
import { type DagJson, linkJson } from './dag-json.ts'
import { FieldProblem } from './field-problem.ts'
import { checkPerson, type Person, personJson, readPerson } from './person.ts'

/** What a tag can name. `file` is also an executable or a symlink. */
export type TaggedType = 'commit' | 'tag' | 'tree' | 'file'

/** An annotated tag. Written as DAG-JSON of type `jzfs/tag/1`. */
export interface Tag {
  object: CID
  objectType: TaggedType
  /** What stands after `refs/tags/`. */
  name: string
  tagger: Person
  message: string
}

/** The block of an annotated tag. Throws InvalidError `tag-field-invalid` (details: `field`) for what the format does not allow. */
export function encodeTag(tag: Tag): Block {
  return encodeNode(form, tag)
}

/**
 * Reads an annotated tag strictly. Throws IntegrityError `not-a-tag` for any other block (the message says what it
 * is), and `tag-invalid` (details: `cid`, `field`) for one that breaks the format.
 */
export function decodeTag(cid: CID, bytes: Uint8Array): Tag {
  return decodeNode(form, cid, bytes)
}

const form: NodeForm<Tag> = { type: 'jzfs/tag/1', name: 'tag', bulk: 'message', check, read, write }

function write(tag: Tag): DagJson {
  // In the order of their bytes, as DAG-JSON wants keys.
  return {
    message: tag.message,
    name: tag.name,
    object: linkJson(tag.object),
    objectType: tag.objectType,
    tagger: personJson(tag.tagger),
    type: form.type,
  }
}

const REQUIRED = ['message', 'name', 'object', 'objectType', 'tagger', 'type']

function read(json: unknown): Tag {
  const fields = readMap('', json, REQUIRED)
  return {
    object: readLink('object', fields['object']),
    objectType: readTaggedType(fields['objectType']),
    name: readText('name', fields['name']),
    tagger: readPerson('tagger', fields['tagger']),
    message: readText('message', fields['message']),
  }
}

/** The codecs that a tagged object of each type can have. */
const CODECS = { commit: [DAG_JSON], tag: [DAG_JSON], tree: [DAG_PB], file: [RAW, DAG_PB] } as const

function readTaggedType(value: unknown): TaggedType {
  const text = readText('objectType', value)
  if (!Object.hasOwn(CODECS, text)) throw new FieldProblem('objectType', 'must be commit, tag, tree or file')
  return text as TaggedType
}

function check(tag: Tag): void {
  checkLink('object', tag.object, CODECS[readTaggedType(tag.objectType)], `a ${tag.objectType}`)
  const problem = tagNameProblem(tag.name)
  if (problem !== undefined) throw new FieldProblem('name', problem)
  checkPerson('tagger', tag.tagger)
  checkText('message', tag.message, MAX_COMMIT_BYTES)
}
