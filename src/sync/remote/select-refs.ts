import type { CID } from 'multiformats/cid'

import { parseCidText } from '../../model/cid-text.ts'
import { NotFoundError } from '../../model/errors.ts'
import { findRemoteRef, mapRefspecs } from '../../repo/remote/map-refspecs.ts'
import { parseRefspec, type Refspec } from '../../repo/remote/refspec.ts'
import type { RemoteRefs } from './remote.ts'

/** What of a remote is asked for. */
export interface RefSelection {
  /** Of the command line; with none, those that are configured count. */
  refspecs: readonly Refspec[]
  /** What is configured for the remote; none for a URL. */
  configured: readonly Refspec[]
  /** Tags beside those that refspecs name: those on fetched history, all, or none. */
  tags: 'follow' | 'all' | 'none'
  /** The ref of the remote that the current branch follows, if it follows this remote. */
  upstream: string | undefined
}

/** A ref of the remote that is fetched. */
export interface SelectedRef {
  /** Its full name there, `HEAD`, or a CID. */
  source: string
  cid: CID
  /** The ref here that is set; undefined where it is fetched without being kept under a name. */
  target: string | undefined
  /** Whether the ref here may be set to what does not contain what it is. */
  force: boolean
  /** Whether it is what `FETCH_HEAD` names: what a pull merges. */
  isForMerge: boolean
}

/** All tags, each to the tag of its name here. */
export const TAG_REFSPEC: Refspec = parseRefspec('refs/tags/*:refs/tags/*', 'fetch')

/**
 * The refs that are fetched, by git's rules. Throws NotFoundError `remote-ref-missing` and ConflictError
 * `refspec-ambiguous`.
 */
export function selectRefs(listed: RemoteRefs, selection: RefSelection): SelectedRef[] {
  const { refspecs, configured, tags } = selection
  const there = cidsThere(listed)
  const names = [...there.keys()]
  const extra = tags === 'all' ? [TAG_REFSPEC] : []
  const select = (specs: readonly Refspec[], isForMerge: boolean): SelectedRef[] =>
    mapRefspecs(specs, names).map((mapping) => ({ ...mapping, cid: cidAt(there, mapping.source), isForMerge }))
  if (refspecs.length > 0) {
    const selected = select([...refspecs, ...extra], true)
    return withTracking(selected, select(presentOnly(configured, names), false))
  }
  if (configured.length === 0) return select([HEAD_REFSPEC, ...extra], true)
  return markUpstream(select([...configured, ...extra], false), selection, there)
}

/** Whether refs here are set at all: then tags on the fetched history are taken along. */
export function keepsRefs({ refspecs, configured }: RefSelection): boolean {
  return (refspecs.length > 0 ? refspecs : configured).some(({ target }) => target !== undefined && target !== '')
}

const HEAD_REFSPEC: Refspec = parseRefspec('HEAD', 'fetch')

function cidsThere({ refs, head }: RemoteRefs): Map<string, CID> {
  const there = new Map(refs.map(({ name, cid }) => [name, cid]))
  const cid = head === undefined ? undefined : there.get(head)
  return cid === undefined ? there : new Map([['HEAD', cid], ...there])
}

function cidAt(there: Map<string, CID>, source: string): CID {
  const cid = there.get(source) ?? parseCidText(source)
  if (cid === undefined) throw refMissing(source)
  return cid
}

/** What is fetched by name also moves the ref here that is configured to follow it. */
function withTracking(selected: SelectedRef[], configured: SelectedRef[]): SelectedRef[] {
  const named = new Set(selected.map(({ source }) => source))
  const set = new Set(selected.map(({ target }) => target))
  const tracking = configured.filter(({ source, target }) => named.has(source) && !set.has(target))
  return [...selected, ...tracking]
}

function presentOnly(refspecs: readonly Refspec[], names: readonly string[]): Refspec[] {
  return refspecs.filter(
    ({ pattern, negative, source }) => pattern || negative || findRemoteRef(source, names) !== undefined,
  )
}

function markUpstream(
  selected: SelectedRef[],
  { upstream, configured }: RefSelection,
  there: Map<string, CID>,
): SelectedRef[] {
  if (upstream === undefined) {
    const isFirst = configured[0]?.pattern === false
    return selected.map((each, index) => ({ ...each, isForMerge: isFirst && index === 0 }))
  }
  const marked = selected.map((each) => ({ ...each, isForMerge: each.source === upstream }))
  const cid = there.get(upstream)
  if (cid === undefined || marked.some(({ isForMerge }) => isForMerge)) return marked
  return [{ source: upstream, cid, target: undefined, force: false, isForMerge: true }, ...marked]
}

function refMissing(name: string): NotFoundError {
  return new NotFoundError('remote-ref-missing', `the remote has no ref ${JSON.stringify(name)}`, {
    hint: 'list what it has with `jzfs ls-remote`',
    details: { ref: name },
  })
}
