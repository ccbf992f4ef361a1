/** A commit as the graph sees it: only parents that are shown as well. */
export interface GraphNode {
  id: string
  parents: readonly string[]
  /** What stands for it in the drawing; undefined: `*`. */
  mark?: string | undefined
}

/** A branch line: the commit that it leads down to. */
export interface GraphColumn {
  id: string
  color: number
}

/** How the edges of a merge leave it: the first parent's to the left (0), or straight down (1). */
export type MergeLayout = 0 | 1

/** Where the lines are around one commit: before it, after it, and how the one becomes the other. */
export interface GraphRow {
  commit: GraphNode
  /** The lines that come from above. */
  columns: readonly GraphColumn[]
  /** Where the commit is among them; one beyond the last where no line leads to it. */
  commitIndex: number
  /** The lines that go on below. */
  nextColumns: readonly GraphColumn[]
  /** By screen column: which of the next columns a line there is to arrive at; -1 where there is none. */
  mapping: number[]
  mergeLayout: MergeLayout
  /** How many lines a merge adds; -1 where its last edge joins the line beside it. */
  edgesAdded: number
  /** Screen columns that every line of this row is padded to. */
  width: number
}

/** Lays out the next commit below `columns`, as git does. `nextColor` gives a new colour for each new line. */
export function layOutRow(
  commit: GraphNode,
  columns: readonly GraphColumn[],
  colors: { current: number; next(): void },
): GraphRow {
  const found = columns.findIndex(({ id }) => id === commit.id)
  const layout = new RowLayout(commit, columns, colors)
  const commitIndex = found === -1 ? columns.length : found
  const lines = found === -1 ? [...columns, undefined] : columns
  for (const [index, column] of lines.entries()) {
    if (index === commitIndex) layout.placeParents(index, found !== -1)
    else layout.place((column as GraphColumn).id, -1)
  }
  return {
    commit,
    columns,
    commitIndex,
    nextColumns: layout.nextColumns,
    mapping: filled(layout.mapping),
    mergeLayout: layout.mergeLayout ?? 1,
    edgesAdded: layout.edgesAdded,
    width: layout.width,
  }
}

class RowLayout {
  readonly nextColumns: GraphColumn[] = []
  readonly mapping: number[] = []
  mergeLayout: MergeLayout | undefined
  edgesAdded = 0
  width = 0
  readonly #commit: GraphNode
  readonly #columns: readonly GraphColumn[]
  readonly #colors: { current: number; next(): void }

  constructor(commit: GraphNode, columns: readonly GraphColumn[], colors: { current: number; next(): void }) {
    this.#commit = commit
    this.#columns = columns
    this.#colors = colors
  }

  placeParents(index: number, isContinued: boolean): void {
    const { parents } = this.#commit
    for (const parent of parents) {
      if (parents.length > 1 || !isContinued) this.#colors.next()
      this.place(parent, index)
    }
    // The commit itself takes room, even if nothing goes on below it.
    if (parents.length === 0) this.width += 2
  }

  /** Lets a line arrive at the column of commit `id`; `from` is the column of the merge whose edge it is, or -1. */
  place(id: string, from: number): void {
    const target = this.#columnOf(id)
    this.mapping[this.#screenColumn(target, from)] = target
  }

  #screenColumn(target: number, from: number): number {
    const parents = this.#commit.parents.length
    if (parents > 1 && from > -1 && this.mergeLayout === undefined) {
      // The first parent decides: is its column to the left of the merge?
      const distance = from - target
      const shift = distance > 1 ? 2 * distance - 3 : 1
      this.mergeLayout = distance > 0 ? 0 : 1
      this.edgesAdded = parents + this.mergeLayout - 2
      const at = this.width + (this.mergeLayout - 1) * shift
      this.width += 2 * this.mergeLayout
      return at
    }
    if (this.edgesAdded > 0 && target === this.mapping[this.width - 2]) {
      // The line beside the merge's last edge leads to the same commit: they join at once.
      this.edgesAdded = -1
      return this.width - 2
    }
    this.width += 2
    return this.width - 2
  }

  #columnOf(id: string): number {
    const known = this.nextColumns.findIndex((column) => column.id === id)
    if (known !== -1) return known
    const color = this.#columns.find((column) => column.id === id)?.color ?? this.#colors.current
    return this.nextColumns.push({ id, color }) - 1
  }
}

/** Without holes, and without nothing at its end. */
function filled(mapping: readonly (number | undefined)[]): number[] {
  const whole = Array.from(mapping, (target) => target ?? -1)
  while (whole.length > 1 && whole.at(-1) === -1) whole.pop()
  return whole
}
