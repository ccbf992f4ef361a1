import { type GatheredOutput, gatherOutput } from '../gathered-output.ts'
import type { Terminal } from '../terminal.ts'
import type { GraphNode } from './graph-columns.ts'
import type { GraphDrawing } from './graph-drawing.ts'

/** What is written below a commit's text: how it changed files. Each piece ends as a line does. */
export interface LogDetails {
  /** The line between text and pieces; undefined for none. */
  separator: '' | '---' | undefined
  pieces: AsyncIterable<string>
}

/** Writes commits as `git log` does: apart or one below the other, and with a graph to their left. */
export interface LogWriter {
  write(node: GraphNode, text: string, details?: LogDetails): Promise<void>
  end(): Promise<void>
}

/** How commits stand to each other. */
export interface LogLayout {
  /** Whether an empty line, or for texts without a line feed just that, stands between commits. */
  isSeparated: boolean
  /** With a gap, where commits are separated. */
  graph: GraphDrawing | undefined
}

/** Makes a writer. What is written is gathered to larger pieces, but not on a terminal: there each commit comes at once. */
export function createLogWriter(terminal: Pick<Terminal, 'out' | 'interactive'>, layout: LogLayout): LogWriter {
  const output = gatherOutput(terminal)
  const write =
    layout.graph === undefined ? plainLog(output, layout) : graphLog(output, layout.graph, layout.isSeparated)
  let isFirst = true
  return {
    async write(node, text, details) {
      await write(node, text, details)
      // The first commit is shown at once, so that a reader who wants no more can stop us.
      if (isFirst || terminal.interactive) await output.flush()
      isFirst = false
    },
    end: () => output.flush(),
  }
}

type Write = LogWriter['write']

function plainLog(output: GatheredOutput, { isSeparated }: LogLayout): Write {
  let isFirst = true
  return async (_node, text, details) => {
    if (isSeparated && !isFirst) await output.add('\n')
    isFirst = false
    await output.add(isSeparated ? text : `${text}\n`)
    let isBelow = false
    for await (const piece of details?.pieces ?? []) {
      if (!isBelow && details?.separator !== undefined) await output.add(`${details.separator}\n`)
      isBelow = true
      await output.add(piece)
    }
  }
}

function graphLog(output: GatheredOutput, graph: GraphDrawing, isSeparated: boolean): Write {
  return async (node, text, details) => {
    const start = graph.start(node)
    const mark = start.pop() ?? ''
    const [first = '', ...more] = text.replace(/\n$/, '').split('\n')
    const lines = [...start, mark + first]
    for (const line of more) lines.push(graph.nextLine() + line)
    lines.push(...graph.rest())
    // A text by a template may end with a line of its own.
    if (!isSeparated && text.endsWith('\n')) lines.push(graph.nextLine())
    await output.add(lines.map((line) => `${line}\n`).join(''))
    let isBelow = false
    for await (const piece of details?.pieces ?? []) {
      if (!isBelow && details?.separator !== undefined) await output.add(`${graph.nextLine()}${details.separator}\n`)
      isBelow = true
      await output.add(graph.nextLine() + piece)
    }
  }
}
