import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { encodeTag, type TaggedType } from '../../model/commit/tag.ts'
import { ConflictError, InvalidError } from '../../model/errors.ts'
import { checkTagName } from '../../model/ref-name.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { runOperation } from '../operation/operation.ts'
import type { Repository } from '../repository.ts'
import type { RefAuthor } from './branch.ts'
import { refMissing } from './ref-missing.ts'

/** Where tags live. */
export const TAGS = 'refs/tags/'

/** The full name of a tag. Throws InvalidError `ref-name-invalid` for a name that no tag can have. */
export function tagRef(name: string): string {
  checkTagName(name)
  return TAGS + name
}

/**
 * Makes a tag and returns what its ref names: the object itself (a lightweight tag), or, with a `message`, a new tag object
 * that names the person as tagger (an annotated tag), durable in a pack of its own. With `force` an existing tag is replaced.
 *
 * Throws ConflictError `tag-exists`, InvalidError `not-taggable` for an object of no type that can be tagged, InvalidError
 * `tag-field-invalid`, and what the store throws where the object is missing.
 */
export async function createTag(
  repository: Repository,
  tag: { name: string; object: CID; message?: string | undefined; force?: boolean },
  { command, person }: RefAuthor,
): Promise<CID> {
  const name = tagRef(tag.name)
  using _lease = await repository.store.lease()
  const objectType = await taggedTypeOf(repository.store, tag.object)
  using lock = await repository.lock(command)
  const before = await repository.refs.read(name)
  if (before !== undefined && tag.force !== true) {
    throw new ConflictError('tag-exists', `there is a tag "${tag.name}" already`, {
      hint: `replace it with \`jzfs tag -f ${tag.name}\`; whoever has it by now keeps the old one`,
      details: { tag: tag.name, object: before.toString() },
    })
  }
  const { object, message } = tag
  const after =
    message === undefined
      ? object
      : await storeTag(repository, encodeTag({ object, objectType, name: tag.name, tagger: person, message }))
  const refs = [{ name, before, after, message: `tag: ${object.toString()}` }]
  await runOperation(repository, lock, { command, person, refs })
  return after
}

/** Deletes a tag and returns what it named. Throws NotFoundError `tag-missing`. */
export async function deleteTag(repository: Repository, name: string, { command, person }: RefAuthor): Promise<CID> {
  const ref = tagRef(name)
  using lock = await repository.lock(command)
  const before = await repository.refs.read(ref)
  if (before === undefined) {
    throw await refMissing(repository, 'tag', TAGS, name)
  }
  await runOperation(repository, lock, {
    command,
    person,
    refs: [{ name: ref, before, after: undefined, message: '' }],
  })
  return before
}

/** What a tag of this CID says it tags. Throws InvalidError `not-taggable`, and what reading the block throws. */
export async function taggedTypeOf(source: BlockSource, cid: CID): Promise<TaggedType> {
  if (cid.code !== DAG_JSON) {
    const { kind } = await readNode(source, { cid })
    return kind === 'directory' ? 'tree' : 'file'
  }
  const type = nodeType(cid, await source.get(cid))
  if (type !== 'jzfs/commit/1' && type !== 'jzfs/tag/1') {
    throw new InvalidError('not-taggable', `${cid.toString()} is neither commit, tag, tree nor file`, {
      hint: 'tag a commit: `jzfs log` lists them',
      details: { cid: cid.toString() },
    })
  }
  return type === 'jzfs/commit/1' ? 'commit' : 'tag'
}

async function storeTag(repository: Repository, block: ReturnType<typeof encodeTag>): Promise<CID> {
  const pack = await repository.store.createPack()
  try {
    pack.add(block)
    await pack.finish()
  } finally {
    pack.abort()
  }
  return block.cid
}
