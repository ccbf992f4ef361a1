import { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
import { cidOf, RAW } from '../../model/cid.ts'
import { IntegrityError } from '../../model/errors.ts'
import type { RefUpdate } from '../operation/operation-plan.ts'
import { BRANCHES } from '../refs/branch.ts'
import { isSameCid } from '../refs/refs.ts'
import type { Repository } from '../repository.ts'

/** Where the refs of a bisection live: `bad`, `good-CID`, `skip-CID` (with other terms, those), `state`, and `head`. */
export const BISECT_REFS = 'refs/bisect/'

const STATE = `${BISECT_REFS}state`

/** Named instead of HEAD by a bisection that leaves the working tree alone: the commit to test. */
export const BISECT_HEAD = `${BISECT_REFS}head`

/** The words for the state before and the state after what is looked for. */
export interface BisectTerms {
  old: string
  new: string
}

/** A bisection in progress. */
export interface Bisect {
  /** Where `reset` goes back to: the name of a branch, or the CID of a commit. */
  start: string
  /** Undefined as long as no mark has said them. */
  terms: BisectTerms | undefined
  /** As they were given: only commits that change something there are tested. */
  paths: string[]
  /** The directory from which they were given. */
  directory: string
  isFirstParent: boolean
  /** HEAD and files stay; `refs/bisect/head` names the commit to test. */
  isDetached: boolean
  /** Lines for `bisect log` and `bisect replay`. */
  log: string[]
  /** The commit that was to be tested last. */
  expected: CID | undefined
  /** Good commits were compared with the bad one, and every mark since then was one that was asked for. */
  isChecked: boolean
  bad: CID | undefined
  good: CID[]
  skipped: CID[]
}

/** The terms of a bisection: git's, unless others were given. */
export function termsOf({ terms }: Pick<Bisect, 'terms'>): BisectTerms {
  return terms ?? { old: 'good', new: 'bad' }
}

const TYPE = 'jzfs/bisect/1'

/**
 * The bisection in progress; undefined where there is none. Throws IntegrityError `bisect-corrupt`.
 *
 * Its marks are refs, so that gc keeps the commits and an undo brings them back; the rest is a raw block that
 * `refs/bisect/state` names.
 */
export async function readBisect({ refs, store }: Pick<Repository, 'refs' | 'store'>): Promise<Bisect | undefined> {
  const state = await refs.read(STATE)
  if (state === undefined) return undefined
  const document = parseState(await store.get(state))
  const marks = new Map((await refs.list(BISECT_REFS)).map(({ name, cid }) => [name.slice(BISECT_REFS.length), cid]))
  const terms = termsOf(document)
  const marked = (prefix: string) => [...marks].filter(([name]) => name.startsWith(prefix)).map(([, cid]) => cid)
  return { ...document, bad: marks.get(terms.new), good: marked(`${terms.old}-`), skipped: marked('skip-') }
}

/** The refs that make one bisection of another, and the block that must be durable before. Undefined: none. */
export async function changeBisect(
  { refs }: Pick<Repository, 'refs'>,
  after: Bisect | undefined,
): Promise<{ refs: RefUpdate[]; block: Block | undefined }> {
  const before = new Map((await refs.list(BISECT_REFS)).map(({ name, cid }) => [name, cid]))
  const wanted = new Map<string, CID>()
  let block: Block | undefined
  if (after !== undefined) {
    const terms = termsOf(after)
    block = stateBlock(after)
    wanted.set(STATE, block.cid)
    if (after.bad !== undefined) wanted.set(BISECT_REFS + terms.new, after.bad)
    for (const cid of after.good) wanted.set(`${BISECT_REFS}${terms.old}-${cid.toString()}`, cid)
    for (const cid of after.skipped) wanted.set(`${BISECT_REFS}skip-${cid.toString()}`, cid)
    const head = before.get(BISECT_HEAD)
    if (head !== undefined) wanted.set(BISECT_HEAD, head)
  }
  const names = [...new Set([...before.keys(), ...wanted.keys()])]
  const updates = names.map((name) => ({ name, before: before.get(name), after: wanted.get(name), message: 'bisect' }))
  return { refs: updates.filter((each) => !isSameCid(each.before, each.after)), block }
}

function stateBlock({ bad: _bad, good: _good, skipped: _skipped, expected, ...rest }: Bisect): Block {
  const bytes = Buffer.from(`${JSON.stringify({ type: TYPE, ...rest, expected: expected?.toString() })}\n`)
  return { cid: cidOf(RAW, bytes), bytes }
}

type BisectState = Omit<Bisect, 'bad' | 'good' | 'skipped'>

function parseState(bytes: Uint8Array): BisectState {
  try {
    return stateOf(JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>)
  } catch (cause) {
    throw new IntegrityError('bisect-corrupt', `${STATE} does not name the state of a bisection`, {
      hint: `go back where you were with \`jzfs switch\`, then delete it with \`jzfs update-ref -d ${STATE}\``,
      cause,
      details: { ref: STATE },
    })
  }
}

function stateOf({
  type,
  start,
  terms,
  paths,
  directory,
  isFirstParent,
  isDetached,
  isChecked,
  log,
  expected,
}: Record<string, unknown>) {
  const names = terms as BisectTerms | undefined
  if (type !== TYPE || typeof isFirstParent !== 'boolean' || typeof isDetached !== 'boolean') {
    throw new TypeError('it is of another type')
  }
  const state: BisectState = {
    start: textOf(start),
    terms: names && { old: textOf(names.old), new: textOf(names.new) },
    paths: (paths as unknown[]).map(textOf),
    directory: textOf(directory),
    isFirstParent,
    isDetached,
    isChecked: isChecked === true,
    log: (log as unknown[]).map(textOf),
    expected: expected === undefined ? undefined : CID.parse(textOf(expected)),
  }
  return state
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('it is no text')
}

/** How `reset` comes back: to the branch if there is one of that name. */
export async function startRequest(
  { refs }: Pick<Repository, 'refs'>,
  start: string,
): Promise<{ branch: string } | { detach: string }> {
  const head = await refs.head()
  const isBranch =
    (await refs.read(BRANCHES + start).catch(() => undefined)) !== undefined ||
    ('branch' in head && head.branch === BRANCHES + start)
  return isBranch ? { branch: start } : { detach: start }
}
