import { readFileSync } from 'node:fs'

import { ConflictError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import { readPending } from '../operation/operation-log.ts'
import type { Repository } from '../repository.ts'
import type { MergeSequence } from './merge-sequence.ts'
import type { ReplaySequence } from './replay-sequence.ts'
import { formatSequence, parseSequence } from './sequence-format.ts'

/**
 * An operation that waits for its user: what `--continue`, `--abort` and `jzfs status` need to know of it.
 *
 * Each kind has its file beside this one, and a line in `sequence-format.ts`.
 */
export type Sequence = MergeSequence | ReplaySequence

/**
 * What is in progress, as if an interrupted operation were finished; undefined where nothing is. Throws IntegrityError
 * `sequence-corrupt`, and InvalidError `sequence-newer`.
 */
export function readSequence({ layout }: Pick<Repository, 'layout'>): Sequence | undefined {
  const change = readPending(layout)?.sequence
  return change === undefined ? readSequenceFile(layout) : change.after
}

/**
 * Refuses to begin something (`doing`, as in "cannot merge") in the middle of something else: ConflictError `sequence-in-progress` (details:
 * `kind`).
 */
export function refuseSequence(repository: Pick<Repository, 'layout'>, doing: string): void {
  const sequence = readSequence(repository)
  if (sequence === undefined) return
  const { kind } = sequence
  throw new ConflictError('sequence-in-progress', `cannot ${doing}: a ${kind} is in progress`, {
    hint: `finish it with \`jzfs ${kind} --continue\`, or give it up with \`jzfs ${kind} --abort\``,
    details: { kind },
  })
}

/** The file alone, whatever operation is pending. Throws what `readSequence` throws. */
export function readSequenceFile(layout: Layout): Sequence | undefined {
  let text: string
  try {
    text = readFileSync(layout.sequence, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, layout.sequence)
  }
  return parseSequence(text, layout.sequence)
}

/** Whether two say the same, or both nothing. */
export function isSameSequence(a: Sequence | undefined, b: Sequence | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return formatSequence(a) === formatSequence(b)
}
