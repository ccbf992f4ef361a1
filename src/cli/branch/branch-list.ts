import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { compareNames } from '../../model/compare.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { RefDetails } from '../../repo/refs/ref-details.ts'
import { remoteNames, trackingHead, trackingPrefix } from '../../repo/remote/remote-config.ts'
import type { TrackingState } from '../../repo/remote/tracking-state.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Context } from '../context.ts'
import { messageParts } from '../history/commit-message.ts'
import {
  printRefs,
  readRefScene,
  readTrackingStates,
  refDocument,
  type RefListFlags,
  selectRefs,
} from '../refs/ref-list.ts'
import { matchesShortName } from '../refs/ref-pattern.ts'
import { shortRefName } from '../refs/ref-template.ts'
import { styled } from '../style.ts'
import { trackingDocument, trackingText } from './tracking-text.ts'

/** What of branches is listed, and how. */
export interface BranchListFlags extends RefListFlags {
  list?: true
  /** How often `-v` was given. */
  verbose?: number
  all?: true
  remotes?: true
  json?: true
}

/** Refs of remotes: what they had when they were last asked. */
export const REMOTES = 'refs/remotes/'

/** Lists branches: those of this repository, of remotes (`-r`), or both (`-a`). */
export async function listBranches(
  context: Context,
  repository: Repository,
  patterns: readonly string[],
  flags: BranchListFlags,
): Promise<void> {
  const folders = flags.remotes ? [REMOTES] : flags.all ? [BRANCHES, REMOTES] : [BRANCHES]
  const all = (await Promise.all(folders.map((folder) => repository.refs.list(folder)))).flat()
  const matching = all.filter(({ name }) => matchesShortName(patterns, shortRefName(name)))
  const branches = await selectRefs(context, repository, matching, flags)
  if (flags.format !== undefined) return printRefs(context, repository, branches, flags.format)
  if (flags.json) return printDocument(context, repository, branches)
  const lines = await branchLines(context, repository, branches, { ...flags, patterns })
  await context.terminal.out(lines.join(''))
}

async function printDocument(context: Context, repository: Repository, branches: readonly RefDetails[]): Promise<void> {
  const scene = await readRefScene(context, repository)
  const states = await readTrackingStates(context, repository, branches)
  const documents = branches.map((ref) => ({
    branch: shortRefName(ref.name),
    ...refDocument(ref, scene),
    upstream: trackingDocument(states.get(ref.name)),
  }))
  await context.terminal.json({ branches: documents })
}

/** A line of the list: `target` stands for a name that means another one. */
interface Row {
  name: string
  cid: CID
  subject: string
  isHead: boolean
  state?: TrackingState | undefined
  target?: string
}

async function branchLines(
  context: Context,
  repository: Repository,
  branches: readonly RefDetails[],
  flags: BranchListFlags & { patterns: readonly string[] },
): Promise<string[]> {
  const { verbose = 0, all } = flags
  const head = await repository.refs.head()
  const states =
    verbose > 0 ? await readTrackingStates(context, repository, branches) : new Map<string, TrackingState>()
  const shown = (name: string) => (all && name.startsWith(REMOTES) ? `remotes/` : '') + shortRefName(name)
  const rows = branches.map(({ name, cid, commit }): Row => {
    const subject = messageParts(commit?.message ?? '').subject
    return {
      name: shown(name),
      cid,
      subject,
      isHead: 'branch' in head && head.branch === name,
      state: states.get(name),
    }
  })
  const isFiltered = flags.contains !== undefined || flags.merged !== undefined || flags.pointsAt !== undefined
  if (!isFiltered && (flags.remotes || all)) addRemoteHeads(repository, rows, shown, flags.patterns)
  if ('detached' in head && !isFiltered && flags.list !== true && !flags.remotes) {
    rows.unshift(await detachedRow(repository, head.detached))
  }
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  return rows.map((row) => rowLine(context, row, { width, verbose }))
}

function addRemoteHeads(
  { config }: Repository,
  rows: Row[],
  shown: (name: string) => string,
  patterns: readonly string[],
): void {
  for (const remote of remoteNames(config)) {
    const tracking = trackingHead(config, remote)
    const target = rows.find(({ name }) => tracking !== undefined && name === shown(tracking))
    const name = `${trackingPrefix(remote)}HEAD`
    if (target === undefined || !matchesShortName(patterns, shortRefName(name))) continue
    const row = { ...target, name: shown(name), isHead: false, target: shortRefName(tracking as string) }
    const at = rows.findIndex(
      (other) =>
        other.name.startsWith(REMOTES_SHOWN) === row.name.startsWith(REMOTES_SHOWN) &&
        compareNames(other.name, row.name) > 0,
    )
    rows.splice(at === -1 ? rows.length : at, 0, row)
  }
}

const REMOTES_SHOWN = 'remotes/'

async function detachedRow({ store }: Repository, cid: CID): Promise<Row> {
  const { message } = decodeCommit(cid, await store.get(cid))
  return { name: `(HEAD detached at ${shortenCid(cid)})`, cid, subject: messageParts(message).subject, isHead: true }
}

function rowLine({ terminal }: Context, row: Row, { width, verbose }: { width: number; verbose: number }): string {
  const { name, cid, subject, isHead, state, target } = row
  const start = `${isHead ? '* ' : '  '}${isHead ? styled(terminal, 'green', name) : name}`
  if (verbose === 0) return `${start}${target === undefined ? '' : ` -> ${target}`}\n`
  const padding = ' '.repeat(width - name.length)
  if (target !== undefined) return `${start}${padding} -> ${target}\n`
  const tracking = trackingText(state, { isNamed: verbose > 1 })
  return `${start}${padding} ${shortenCid(cid)} ${tracking === '' ? '' : `${tracking} `}${subject}\n`
}
