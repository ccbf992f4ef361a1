import { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
import { compareNames } from '../../model/compare.ts'
import { encodeManifest } from '../../model/manifest/manifest.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { RegisteredRepository } from '../home/repository-registry.ts'

/**
 * The manifest of what a repository publishes to everybody. `head` is the branch that HEAD stands on there, in full,
 * where that is known: it is told only where it is published, or where nothing is yet but will be when it is pushed.
 *
 * InvalidError `manifest-field-invalid` where there are more refs than a manifest can name.
 */
export function manifestOf(registered: RegisteredRepository, head: string | undefined): Block {
  const { name, description = '', heads, tags = [] } = registered
  const branches = heads.flatMap(({ ref, audience, cid, name: ipns }) =>
    audience === 'public' && cid !== undefined
      ? [{ name: ref.slice(BRANCHES.length), head: CID.parse(cid), ipns }]
      : [],
  )
  const defaultBranch = defaultOf(branches, registered, head?.slice(BRANCHES.length))
  return encodeManifest({
    name,
    description,
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    branches: branches.sort((a, b) => compareNames(a.name, b.name)),
    tags: tags
      .flatMap(({ ref, audience, cid }) =>
        audience === 'public' && cid !== undefined ? [{ name: ref.slice(TAGS.length), target: CID.parse(cid) }] : [],
      )
      .sort((a, b) => compareNames(a.name, b.name)),
  })
}

function defaultOf(
  branches: readonly { name: string }[],
  { publishesPushed }: RegisteredRepository,
  head: string | undefined,
): string | undefined {
  const isThere = (name: string | undefined): boolean => branches.some((branch) => branch.name === name)
  if (isThere(head) || (branches.length === 0 && publishesPushed === 'public')) return head
  return isThere('main') ? 'main' : branches[0]?.name
}
