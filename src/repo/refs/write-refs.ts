import type { CID } from 'multiformats/cid'

import type { Layout } from '../layout.ts'
import type { DurableChanges } from '../operation/durable-changes.ts'
import type { RefChange } from '../operation/operation-entry.ts'
import { isPackable, MANY_REFS, readPackedRefs, replacePackedRefs } from './packed-refs.ts'
import { listLooseRefs, readRefFile, type Ref, refPath } from './ref-files.ts'
import { isSameCid, settledRef } from './refs.ts'

/** A ref that was left alone, since someone else had changed it. */
export interface LeftRef {
  name: string
  expected: CID | undefined
  actual: CID | undefined
}

/**
 * Makes refs what an operation says, each where it still is what the operation found; many of them go to one file. Interrupted at
 * any point, it can be done again.
 */
export function writeRefs(changes: DurableChanges, layout: Layout, refs: readonly RefChange[]): LeftRef[] {
  const left: LeftRef[] = []
  const set: Ref[] = []
  const removed: string[] = []
  for (const change of refs) {
    const { name, before, after } = change
    if (!isSameCid(settledRef(layout, change), after)) {
      left.push({ name, expected: before, actual: readRefFile(layout, name) })
    } else if (after === undefined) removed.push(name)
    else set.push({ name, cid: after })
  }
  const packable = set.filter(({ name }) => isPackable(name))
  const packed = packable.length < MANY_REFS ? [] : packable
  changePacked(changes, layout, { set: packed, removed })
  const together = new Set(packed.map(({ name }) => name))
  for (const name of [...removed, ...together]) changes.remove(refPath(layout, name))
  for (const { name, cid } of set) {
    if (!together.has(name)) changes.replace(refPath(layout, name), `${cid.toString()}\n`)
  }
  return left
}

/**
 * Moves the refs that have files of their own together, where they are many. The caller holds the lock of the repository. Throws
 * IntegrityError `ref-corrupt` and `packed-refs-corrupt`, with nothing changed.
 */
export function packRefs(changes: DurableChanges, layout: Layout): void {
  const loose = listLooseRefs(layout, 'refs').filter(({ name }) => isPackable(name))
  if (loose.length < MANY_REFS) return
  changePacked(changes, layout, { set: loose, removed: [] })
  for (const { name } of loose) changes.remove(refPath(layout, name))
  changes.sync()
}

/** First what stands together, then the files: whoever reads meanwhile finds the old value or the new one. */
function changePacked(
  changes: DurableChanges,
  layout: Layout,
  { set, removed }: { set: readonly Ref[]; removed: readonly string[] },
): void {
  const packed = readPackedRefs(layout)
  if (set.length === 0 && removed.every((name) => packed.read(name) === undefined)) return
  const refs = new Map(packed.below('refs').map((ref) => [ref.name, ref]))
  for (const ref of set) refs.set(ref.name, ref)
  for (const name of removed) refs.delete(name)
  replacePackedRefs(changes, layout, refs.values())
}
