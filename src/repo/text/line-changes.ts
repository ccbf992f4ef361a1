/** Lines that differ between two texts: those from `start` to before `end` on either side. One side may be empty. */
export interface LineChange {
  before: LineRange
  after: LineRange
}

export interface LineRange {
  start: number
  end: number
}

/** Flags of two texts: 1 where a line has no partner in the other. One more than there are lines, the last 0. */
export interface ChangedLines {
  before: Uint8Array
  after: Uint8Array
}

/** Flags that say that nothing differs. */
export function unchangedLines(before: number, after: number): ChangedLines {
  return { before: new Uint8Array(before + 1), after: new Uint8Array(after + 1) }
}

/** The changes that flags tell of, in order. */
export function changesOf({ before, after }: ChangedLines): LineChange[] {
  const changes: LineChange[] = []
  let [old, fresh] = [0, 0]
  while (old < before.length - 1 || fresh < after.length - 1) {
    if (before[old] === 0 && after[fresh] === 0) {
      old++
      fresh++
      continue
    }
    const [oldStart, freshStart] = [old, fresh]
    while (before[old] === 1) old++
    while (after[fresh] === 1) fresh++
    changes.push({ before: { start: oldStart, end: old }, after: { start: freshStart, end: fresh } })
  }
  return changes
}
