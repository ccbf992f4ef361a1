import type { Blame } from '../../repo/blame/blame.ts'
import { bytesOfLines } from '../../repo/text/lines.ts'
import type { BlamedCommits } from './blamed-commits.ts'

/** A blame as JSON has it: the commits by CID, and the lines, counted from 1. `commit` is null for what is in none yet. */
export function blameDocument(path: string, { lines, blamed }: Blame, commits: BlamedCommits) {
  const known: Record<string, unknown> = {}
  for (const each of blamed) {
    if (each.commit === undefined) continue
    known[each.commit] ??= { ...commits(each), boundary: each.isBoundary }
  }
  return {
    path,
    commits: known,
    lines: blamed.flatMap(({ start, count, commit, line, path: originalPath, previous }) =>
      Array.from({ length: count }, (_, at) => ({
        line: start + at + 1,
        commit: commit ?? null,
        originalPath,
        originalLine: line + at + 1,
        previous,
        text: Buffer.from(bytesOfLines(lines, start + at, start + at + 1))
          .toString()
          .replace(/\n$/, ''),
      })),
    ),
  }
}
