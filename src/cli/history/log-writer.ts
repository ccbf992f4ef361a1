import { type GatheredOutput, gatherOutput } from '../gathered-output.ts'
import type { Terminal } from '../terminal.ts'
import type { GraphNode } from './graph-columns.ts'
import type { GraphDrawing } from './graph-drawing.ts'

/** What is written below a commit's text: how it changed files. Each piece ends as a line does. */
export interface LogDetails {
  /** The line between text and pieces; undefined for none. */
  separator: '' | '---' | undefined
  /** Whether it stands there also where no piece follows. */
  hasSeparator?: boolean
  pieces: AsyncIterable<string>
}

/**
 * Writes a commit as `git log` does: apart from the last or directly below it, and with a graph to its left. A promise only
 * where there is something to wait for.
 */
export type LogWrite = (node: GraphNode, text: string, details?: LogDetails) => Promise<void> | undefined

/** How commits stand to each other. */
export interface LogLayout {
  /** Whether an empty line, or for texts without a line feed just that, stands between commits. */
  isSeparated: boolean
  /** With a gap, where commits are separated. */
  graph: GraphDrawing | undefined
}

/**
 * Lets `work` write commits to a terminal. What is written is gathered to larger pieces, but not on a terminal: there each
 * commit comes at once.
 */
export function writeLog(
  terminal: Pick<Terminal, 'out' | 'interactive'>,
  layout: LogLayout,
  work: (write: LogWrite) => Promise<void>,
): Promise<void> {
  return gatherOutput(terminal, async (output) => {
    const write = layout.graph === undefined ? plainLog(output, layout) : graphLog(output, layout.graph, layout)
    let isFirst = true
    await work((node, text, details) => {
      const writing = write(node, text, details)
      // The first commit is shown at once, so that a reader who wants no more can stop us.
      if (!isFirst && !terminal.interactive) return writing
      isFirst = false
      return writing === undefined ? output.flush() : writing.then(() => output.flush())
    })
  })
}

function plainLog(output: GatheredOutput, { isSeparated }: LogLayout): LogWrite {
  let isFirst = true
  return (_node, text, details) => {
    const gap = isSeparated && !isFirst ? '\n' : ''
    isFirst = false
    // A text with nothing in it is no line either.
    const adding = output.add(gap + (isSeparated || text === '' ? text : `${text}\n`))
    if (details === undefined) return adding
    return addDetails(output, text === '' ? { ...details, separator: undefined } : details, () => '', adding)
  }
}

function graphLog(output: GatheredOutput, graph: GraphDrawing, { isSeparated }: LogLayout): LogWrite {
  return (node, text, details) => {
    const start = graph.start(node)
    const mark = start.pop() ?? ''
    const [first = '', ...more] = text.replace(/\n$/, '').split('\n')
    const lines = [...start, mark + first]
    for (const line of more) lines.push(graph.nextLine() + line)
    lines.push(...graph.rest())
    // A text by a template may end with a line of its own.
    if (!isSeparated && text.endsWith('\n')) lines.push(graph.nextLine())
    const adding = output.add(lines.map((line) => `${line}\n`).join(''))
    return details === undefined ? adding : addDetails(output, details, () => graph.nextLine(), adding)
  }
}

async function addDetails(
  output: GatheredOutput,
  { separator, hasSeparator = false, pieces }: LogDetails,
  margin: () => string,
  adding: Promise<void> | undefined,
): Promise<void> {
  await adding
  let isDue = separator !== undefined
  const addSeparator = async () => {
    if (isDue) await output.add(`${margin()}${separator}\n`)
    isDue = false
  }
  if (hasSeparator) await addSeparator()
  for await (const piece of pieces) {
    await addSeparator()
    await output.add(margin() + piece)
  }
}
