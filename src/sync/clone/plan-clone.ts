import type { CID } from 'multiformats/cid'

import { NotFoundError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { parseRefspec, type Refspec } from '../../repo/remote/refspec.ts'
import type { RemoteRefs } from '../remote/remote.ts'
import { type SelectedRef, selectRefs, TAG_REFSPEC } from '../remote/select-refs.ts'

/** How a clone is laid out. */
export interface CloneShape {
  /** What the other repository is called (`origin`). */
  remoteName: string
  /** The branch or tag to check out (default: what HEAD is there). */
  branch: string | undefined
  bare: boolean
  /** Bare, and every ref is kept as it is there. */
  mirror: boolean
  /** Only the branch that is checked out. */
  singleBranch: boolean
  tags: boolean
  /** What HEAD is called where the remote does not say. */
  defaultBranch: string
}

/** What a clone makes of a remote's refs. */
export interface ClonePlan {
  /** What is configured to be fetched later; none for a bare clone. */
  fetch: Refspec[]
  selected: SelectedRef[]
  /** The branch that HEAD is on, in full; it may be unborn. */
  head: string
  /** What is checked out: a commit, or a tag; undefined where there is nothing. */
  tip: CID | undefined
  /** Whether HEAD is to be detached at `tip`: a tag was asked for. */
  isDetached: boolean
}

/** Lays out a clone. Throws NotFoundError `remote-branch-missing` (details: `branch`) for a branch that is not there. */
export function planClone(listed: RemoteRefs, shape: CloneShape): ClonePlan {
  const { remoteName, bare, mirror, tags, defaultBranch } = shape
  const singleBranch = shape.singleBranch || listed.isOneBranch === true
  const refs = new Map(listed.refs.map(({ name, cid }) => [name, cid]))
  const asked = shape.branch === undefined ? undefined : findAsked(shape.branch, refs, remoteName)
  const isDetached = asked?.startsWith(TAGS) === true
  const head = asked !== undefined && !isDetached ? asked : (listed.head ?? BRANCHES + defaultBranch)
  const only = singleBranch && !isDetached ? head : undefined
  const fetch = fetchRules({ remoteName, bare, mirror }, only)
  const specs =
    fetch.length > 0 ? fetch : [parseRefspec(`${only ?? 'refs/heads/*'}:${only ?? 'refs/heads/*'}`, 'fetch')]
  const isEmpty = only !== undefined && !refs.has(only)
  const selected = isEmpty
    ? []
    : selectRefs(listed, selection([...specs, ...(tags && !singleBranch ? [TAG_REFSPEC] : [])]))
  const named = isDetached && asked !== undefined && !selected.some(({ source }) => source === asked)
  const tip = refs.get(isDetached ? (asked ?? '') : head)
  const extra =
    named && tip !== undefined ? [{ source: asked, target: asked, cid: tip, force: false, isForMerge: false }] : []
  return { fetch: bare && !mirror ? [] : fetch, selected: [...selected, ...extra], head, tip, isDetached }
}

function selection(configured: Refspec[]) {
  return { refspecs: [], configured, tags: 'none', upstream: undefined } as const
}

function fetchRules(
  { remoteName, bare, mirror }: Pick<CloneShape, 'remoteName' | 'bare' | 'mirror'>,
  only: string | undefined,
): Refspec[] {
  if (mirror) return [parseRefspec('+refs/*:refs/*', 'fetch')]
  if (bare) return []
  const tracking = `refs/remotes/${remoteName}/`
  const rule = only === undefined ? `+refs/heads/*:${tracking}*` : `+${only}:${tracking}${only.slice(BRANCHES.length)}`
  return [parseRefspec(rule, 'fetch')]
}

function findAsked(name: string, refs: ReadonlyMap<string, CID>, remoteName: string): string {
  const found = [BRANCHES + name, TAGS + name].find((full) => refs.has(full))
  if (found !== undefined) return found
  const nearest = nearestNames(
    name,
    [...refs.keys()].map((ref) => ref.replace(/^refs\/(?:heads|tags)\//, '')),
  )
  throw new NotFoundError('remote-branch-missing', `remote branch ${name} not found in upstream ${remoteName}`, {
    hint: nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : 'list what it has with `jzfs ls-remote URL`',
    details: { branch: name, nearest },
  })
}
