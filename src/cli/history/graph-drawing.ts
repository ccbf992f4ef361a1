import { collapseEdges } from './graph-collapse.ts'
import { type GraphColumn, type GraphNode, type GraphRow, layOutRow } from './graph-columns.ts'

/** How often colours repeat: `paint` gets numbers below this. */
export const GRAPH_COLORS = 12

/** Colours a piece of the drawing; undefined is the commit itself. */
export type GraphPaint = (text: string, color: number | undefined) => string

/**
 * Draws the lines of history to the left of commits, as `git log --graph` does. For each commit, children before parents:
 * `start` gives the lines up to and with the commit's own; then `nextLine` one for each line of text; then `rest` what must
 * still be drawn below it.
 */
export interface GraphDrawing {
  /** Begins a commit. The last line is the one that has the commit's mark. */
  start(commit: GraphNode): string[]
  /** A line to the left of more text of the same commit. */
  nextLine(): string
  /** The lines that are not drawn yet; none where the lines run straight down already. */
  rest(): string[]
  /** Screen columns of a line. */
  readonly width: number
}

type State = 'padding' | 'pre-commit' | 'commit' | 'post-merge' | 'collapsing'

/** A drawing that has no lines yet. With `gap` a line of room is left above each commit but the first. */
export function createGraphDrawing(paint: GraphPaint, { gap = false } = {}): GraphDrawing {
  return new Drawing(paint, gap)
}

const NO_ROW: GraphRow = {
  commit: { id: '', parents: [] },
  columns: [],
  commitIndex: 0,
  nextColumns: [],
  mapping: [],
  mergeLayout: 1,
  edgesAdded: 0,
  width: 0,
}

class Drawing implements GraphDrawing {
  readonly #paint: GraphPaint
  readonly #gap: boolean
  readonly #colors = { current: GRAPH_COLORS - 1, next: () => this.#nextColor() }
  #row = NO_ROW
  #before = NO_ROW
  #mapping: number[] = []
  #oldMapping: number[] = []
  #expansion = 0
  #state: State = 'padding'
  #lastState: State = 'padding'

  constructor(paint: GraphPaint, gap: boolean) {
    this.#paint = paint
    this.#gap = gap
  }

  get width(): number {
    return this.#row.width
  }

  start(commit: GraphNode): string[] {
    const isFirst = this.#row === NO_ROW
    this.#before = this.#row
    this.#row = layOutRow(commit, this.#row.nextColumns, this.#colors)
    this.#mapping = this.#row.mapping
    this.#expansion = 0
    // The state before stays what it was: no line of this one was drawn.
    this.#state = this.#needsRoom() ? 'pre-commit' : 'commit'
    const lines = this.#gap && !isFirst ? [this.#gapLine()] : []
    while (this.#state !== 'commit') lines.push(this.nextLine())
    return [...lines, this.nextLine()]
  }

  nextLine(): string {
    const line = new Line(this.#paint)
    this.#draw[this.#state](line)
    return line.end(this.#row.width)
  }

  rest(): string[] {
    const lines: string[] = []
    while (this.#state !== 'padding') lines.push(this.nextLine())
    return lines
  }

  readonly #draw: Record<State, (line: Line) => void> = {
    padding: (line) => this.#drawPadding(line),
    'pre-commit': (line) => this.#drawRoom(line),
    commit: (line) => this.#drawCommit(line),
    'post-merge': (line) => this.#drawMergeEdges(line),
    collapsing: (line) => this.#drawCollapsing(line),
  }

  #nextColor(): void {
    this.#colors.current = (this.#colors.current + 1) % GRAPH_COLORS
  }

  #enter(state: State): void {
    this.#lastState = this.#state
    this.#state = state
  }

  /** Edges of an octopus beyond the third need room where other lines are to the right of it. */
  #needsRoom(): boolean {
    const { commit, commitIndex, columns } = this.#row
    const rows = dashedParents(this.#row) * 2
    return commit.parents.length >= 3 && commitIndex < columns.length - 1 && this.#expansion < rows
  }

  #isSettled(): boolean {
    return this.#mapping.every((target, at) => target < 0 || target === at >> 1)
  }

  #gapLine(): string {
    if (this.#state !== 'commit') return this.nextLine()
    const { columns, commit } = this.#row
    const line = new Line(this.#paint)
    for (const column of columns) {
      const isOctopus = column.id === commit.id && commit.parents.length > 2
      line.add('|', column).space(isOctopus ? (commit.parents.length - 2) * 2 : 1)
    }
    this.#lastState = 'padding'
    return line.end(this.#row.width)
  }

  #drawPadding(line: Line): void {
    for (const column of this.#row.nextColumns) line.add('|', column).space()
  }

  #drawRoom(line: Line): void {
    const { columns, commitIndex } = this.#row
    for (const [index, column] of columns.entries()) {
      if (index === commitIndex) line.add('|', column).space(this.#expansion)
      else if (index < commitIndex) line.add('|', column)
      else line.add(this.#expansion > 0 || this.#cameAskew(index) ? '\\' : '|', column)
      line.space()
    }
    this.#expansion++
    if (!this.#needsRoom()) this.#enter('commit')
  }

  /** Whether the line in this column was drawn as `\` beside the merge above. */
  #cameAskew(index: number): boolean {
    return this.#lastState === 'post-merge' && this.#before.commitIndex < index
  }

  #drawCommit(line: Line): void {
    const { columns, commit, commitIndex, edgesAdded } = this.#row
    for (let index = 0; index < Math.max(columns.length, commitIndex + 1); index++) {
      const column = columns[index] as GraphColumn
      if (index === commitIndex) {
        line.add(commit.mark ?? '*', undefined)
        if (commit.parents.length > 2) this.#drawOctopus(line)
      } else if (index > commitIndex && edgesAdded > 1) line.add('\\', column)
      else if (index > commitIndex && edgesAdded === 1) {
        line.add(this.#cameAskew(index) && this.#before.edgesAdded > 0 ? '\\' : '|', column)
      } else line.add(this.#isMovingLeft(index) ? '/' : '|', column)
      line.space()
    }
    if (commit.parents.length > 1) this.#enter('post-merge')
    else this.#enter(this.#isSettled() ? 'padding' : 'collapsing')
  }

  #isMovingLeft(index: number): boolean {
    const { mapping } = this.#row
    if (this.#lastState !== 'collapsing') return false
    return this.#oldMapping[2 * index + 1] === index && (mapping[2 * index] ?? -1) < index
  }

  #drawOctopus(line: Line): void {
    const { commitIndex, nextColumns } = this.#row
    const dashes = dashedParents(this.#row)
    for (let dash = 0; dash < dashes; dash++) {
      const column = nextColumns[this.#mapping[(commitIndex + dash + 2) * 2] as number]
      line.add('-', column).add(dash === dashes - 1 ? '.' : '-', column)
    }
  }

  #drawMergeEdges(line: Line): void {
    const { columns, commit, commitIndex, edgesAdded, mergeLayout } = this.#row
    let firstParentColumn: GraphColumn | undefined
    for (let index = 0; index < Math.max(columns.length, commitIndex + 1); index++) {
      const column = columns[index]
      if (index === commitIndex) this.#drawEdges(line)
      else if (index > commitIndex) line.add(edgesAdded > 0 ? '\\' : '|', column).space()
      else {
        line.add('|', column)
        const isBesideMerge = mergeLayout === 0 && index === commitIndex - 1
        if (!isBesideMerge && firstParentColumn !== undefined) line.add('_', firstParentColumn)
        else if (!isBesideMerge) line.space()
      }
      if (column !== undefined && column.id === commit.parents[0]) firstParentColumn = column
    }
    this.#enter(this.#isSettled() ? 'padding' : 'collapsing')
  }

  #drawEdges(line: Line): void {
    const { commit, edgesAdded, mergeLayout, nextColumns } = this.#row
    for (const [nth, parent] of commit.parents.entries()) {
      const edge = '/|\\'[Math.min(mergeLayout + nth, 2)] as string
      line.add(
        edge,
        nextColumns.find(({ id }) => id === parent),
      )
      const isLast = nth === commit.parents.length - 1
      if (edge === '\\' && (edgesAdded > 0 || !isLast)) line.space()
    }
    if (edgesAdded === 0) line.space()
  }

  #drawCollapsing(line: Line): void {
    const { drawn, mapping, old } = collapseEdges(this.#mapping)
    for (const { character, target } of drawn) line.add(character, this.#row.nextColumns[target])
    this.#mapping = mapping
    this.#oldMapping = old
    this.#enter(this.#isSettled() ? 'padding' : 'collapsing')
  }
}

/** The parents of an octopus to which dashes lead. */
function dashedParents({ commit, mergeLayout }: GraphRow): number {
  return commit.parents.length + mergeLayout - 3
}

/** A line of the drawing, and how many screen columns it takes. */
class Line {
  #text = ''
  #width = 0
  readonly #paint: GraphPaint

  constructor(paint: GraphPaint) {
    this.#paint = paint
  }

  add(character: string, column: GraphColumn | undefined): this {
    this.#text += character === ' ' ? character : this.#paint(character, column?.color)
    this.#width++
    return this
  }

  space(count = 1): this {
    this.#text += ' '.repeat(count)
    this.#width += count
    return this
  }

  end(width: number): string {
    return this.#text + ' '.repeat(Math.max(0, width - this.#width))
  }
}
