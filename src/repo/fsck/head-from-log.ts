import { closeSync, existsSync, openSync } from 'node:fs'

import type { Layout } from '../layout.ts'
import { BRANCHES } from '../refs/branch.ts'
import type { Head } from '../refs/head.ts'
import { listRefFiles, readRefFile } from '../refs/ref-files.ts'
import { parseReflogLine, type ReflogEntry, reflogPath } from '../refs/reflog.ts'
import { reverseLines } from '../refs/reverse-lines.ts'
import { readSequenceFile } from '../sequence/sequence.ts'

/** The entries of a log that can be read, newest first. */
export function* readableEntries(path: string): Generator<ReflogEntry> {
  if (!existsSync(path)) return
  const file = openSync(path, 'r')
  try {
    for (const { text } of reverseLines(file)) {
      try {
        yield parseReflogLine(text, path)
      } catch {
        // It is reported where logs are checked.
      }
    }
  } finally {
    closeSync(file)
  }
}

/** What HEAD was, as far as its log and those of branches tell; undefined where they do not. */
export function headFromLog(layout: Layout): Head | undefined {
  const branches = listRefFiles(layout, BRANCHES, () => {}).map(({ name }) => name)
  const operationsOf = new Map(
    branches.map((name) => [
      name,
      new Set(Array.from(readableEntries(reflogPath(layout, name)), ({ operation }) => operation)),
    ]),
  )
  let newest: ReflogEntry | undefined
  for (const entry of readableEntries(reflogPath(layout, 'HEAD'))) {
    newest ??= entry
    const label = /^(?:switch|checkout): moving from \S+ to (\S+)/.exec(entry.message)?.[1]
    if (label !== undefined) return branchOf(layout, label) ?? detached(newest)
    const moved = branches.filter((name) => operationsOf.get(name)?.has(entry.operation))
    // In the middle of a rebase HEAD is at none of them.
    if (isRebasing(layout)) return detached(newest)
    if (moved.length === 1) return { branch: moved[0] as string }
  }
  return branches.length === 1 ? { branch: branches[0] as string } : undefined
}

function branchOf(layout: Layout, label: string): Head | undefined {
  try {
    const branch = BRANCHES + label
    return readRefFile(layout, branch) === undefined ? undefined : { branch }
  } catch {
    return undefined
  }
}

function detached({ after }: ReflogEntry): Head | undefined {
  return after === undefined ? undefined : { detached: after }
}

function isRebasing(layout: Layout): boolean {
  try {
    return readSequenceFile(layout)?.kind === 'rebase'
  } catch {
    return false
  }
}
