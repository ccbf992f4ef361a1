import { existsSync, readFileSync } from 'node:fs'

import type { Layout } from '../layout.ts'
import { appendReflog, cutReflog, reflogPath } from '../refs/reflog.ts'
import type { DurableChanges } from './durable-changes.ts'
import type { OperationEntry } from './operation-entry.ts'
import { keptLogPath } from './operation-log.ts'

/**
 * Does what an operation says of reflogs; interrupted, it can be done again. The log of a ref that is deleted, or that
 * gives way to another's or loses lines, is put aside: an undo brings it back.
 */
export function writeReflogs(changes: DurableChanges, layout: Layout, entry: OperationEntry): void {
  const { number, refs, reflogMoves, reflogReturns, reflogCuts, reflog, person } = entry
  const moved = new Set(reflogMoves.map(({ before }) => before))
  for (const { before, after } of reflogMoves) {
    // Where its log has moved already, the other's was put aside before.
    if (existsSync(reflogPath(layout, before))) putAside(changes, layout, number, after)
    renameIfThere(changes, reflogPath(layout, before), reflogPath(layout, after))
  }
  for (const { name, after } of refs) {
    if (after === undefined && !moved.has(name)) putAside(changes, layout, number, name)
  }
  for (const { name, from } of reflogReturns) {
    if (existsSync(keptLogPath(layout, from, name))) putAside(changes, layout, number, name)
    renameIfThere(changes, keptLogPath(layout, from, name), reflogPath(layout, name))
  }
  for (const { name, operations } of reflogCuts) {
    copyAside(changes, layout, number, name)
    cutReflog(changes, layout, name, operations)
  }
  for (const { name, before, after, message } of reflog) {
    appendReflog(changes, layout, name, { before, after, message, person, operation: number })
  }
}

/** Renames a file. Where it is not there any more, that was done before a crash. */
export function renameIfThere(changes: DurableChanges, before: string, after: string): void {
  if (existsSync(before)) {
    changes.rename(before, after)
  } else {
    changes.note(after)
  }
}

function putAside(changes: DurableChanges, layout: Layout, number: number, name: string): void {
  const path = reflogPath(layout, name)
  if (existsSync(path)) changes.rename(path, keptLogPath(layout, number, name))
}

function copyAside(changes: DurableChanges, layout: Layout, number: number, name: string): void {
  const [path, kept] = [reflogPath(layout, name), keptLogPath(layout, number, name)]
  // Done again after a crash, it may have lost its lines already.
  if (existsSync(path) && !existsSync(kept)) changes.replace(kept, readFileSync(path, 'utf8'))
}
