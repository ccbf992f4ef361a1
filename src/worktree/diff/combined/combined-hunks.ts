import type { CombinedLine } from './combined-lines.ts'

/** A part of the result of a merge that is shown, from line `start` to before `end`; the last line is the one behind all. */
export interface CombinedHunk {
  start: number
  end: number
  /** Lines of this hunk at which lost lines are not shown: they belong to a change that is not. */
  hidesLost: ReadonlySet<number>
}

/** What of the result is shown. */
export interface CombinedOptions {
  parents: number
  /** Unchanged lines around each change. */
  context: number
  /** Leave out changes where the result is what some parent has: git's `--cc`. */
  isDense: boolean
}

/** Finds the parts of a merge's result that are shown, as git does. */
export function combinedHunks(lines: readonly CombinedLine[], options: CombinedOptions): CombinedHunk[] {
  const marked = Array.from(lines, (line) => line.addedTo !== 0 || line.lost.length > 0)
  if (options.isDense) unmarkTaken(lines, marked, options)
  const hidesLost = addContext(lines, marked, options.context)
  const hunks: CombinedHunk[] = []
  for (let start = marked.indexOf(true); start !== -1;) {
    const end = nextOf(marked, start, false)
    hunks.push({ start, end, hidesLost })
    start = marked.indexOf(true, end)
  }
  return hunks
}

/** Takes the mark from changes against one set of parents only: what the others have was taken as it is. */
function unmarkTaken(lines: readonly CombinedLine[], marked: boolean[], { parents, context }: CombinedOptions): void {
  for (let start = marked.indexOf(true); start !== -1;) {
    const end = endOfChange(lines, marked, start, context)
    const sets = new Set<number>()
    for (const { addedTo, lost } of lines.slice(start, end)) {
      if (addedTo !== 0) sets.add(addedTo)
      for (const line of lost) sets.add(line.parents)
    }
    if (sets.size <= 1 && !sets.has((1 << parents) - 1)) marked.fill(false, start, end)
    start = marked.indexOf(true, end)
  }
}

/** Changes that are no further apart than their context are judged together. */
function endOfChange(
  lines: readonly CombinedLine[],
  marked: readonly boolean[],
  start: number,
  context: number,
): number {
  for (let end = start + 1; end < lines.length; end++) {
    if (marked[end] === true) continue
    const ahead = Math.min(tailOf(lines, start, end) + context, lines.length) - 1
    const next = marked.lastIndexOf(true, ahead)
    if (next < end) return end
    end = next
  }
  return lines.length
}

/** Marks the lines around changes, and returns those whose own lost lines are not meant. */
function addContext(lines: readonly CombinedLine[], marked: boolean[], context: number): Set<number> {
  const hidesLost = new Set<number>()
  for (let start = marked.indexOf(true); start !== -1 && start < lines.length;) {
    for (let at = Math.max(0, start - context); at < start; at++) {
      if (marked[at] !== true) hidesLost.add(at)
      marked[at] = true
    }
    for (;;) {
      const end = nextOf(marked, start, false)
      if (end === lines.length) return hidesLost
      const next = nextOf(marked, end, true)
      const tail = tailOf(lines, start, end)
      start = next
      if (next >= tail + context) {
        marked.fill(true, tail, Math.min(tail + context, lines.length))
        break
      }
      marked.fill(true, tail, next)
    }
  }
  return hidesLost
}

/** A line that is in a hunk for the lost lines before it is not one of those that changed. */
function tailOf(lines: readonly CombinedLine[], start: number, end: number): number {
  return end > start && lines[end - 1]?.addedTo === 0 ? end - 1 : end
}

function nextOf(marked: readonly boolean[], from: number, wanted: boolean): number {
  const found = marked.indexOf(wanted, from)
  return found === -1 ? marked.length : found
}
