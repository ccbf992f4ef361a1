import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { type Commit, decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { decodeTag, type Tag } from '../../model/commit/tag.ts'
import { type ObjectType, readObjectType } from '../revision/object-type.ts'
import type { Ref } from './ref-files.ts'

/** What a ref or a tag names. */
export interface NamedObject {
  cid: CID
  type: ObjectType
  commit: Commit | undefined
  tag: Tag | undefined
}

/** A ref, what it names, and, where that is an annotated tag, what is behind it and all others that follow. */
export interface RefDetails extends NamedObject {
  name: string
  /** Undefined where the ref names no annotated tag. */
  peeled: NamedObject | undefined
}

/** Reads what a ref names. Throws what the source throws where it is missing or corrupt. */
export async function readRefDetails(
  store: BlockSource,
  { name, cid }: Ref,
  options: AbortOptions = {},
): Promise<RefDetails> {
  const object = await readObject(store, cid, options)
  let peeled = object
  while (peeled.tag !== undefined) peeled = await readObject(store, peeled.tag.object, options)
  return { name, ...object, peeled: peeled === object ? undefined : peeled }
}

/** Who made an object, and when: the committer of a commit, the tagger of a tag. */
export function creatorOf({ commit, tag }: NamedObject): Person | undefined {
  return commit?.committer ?? tag?.tagger
}

async function readObject(store: BlockSource, cid: CID, options: AbortOptions): Promise<NamedObject> {
  const type = await readObjectType(store, cid, options)
  return {
    cid,
    type,
    commit: type === 'commit' ? decodeCommit(cid, await store.get(cid, options)) : undefined,
    tag: type === 'tag' ? decodeTag(cid, await store.get(cid, options)) : undefined,
  }
}
