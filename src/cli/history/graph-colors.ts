import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'
import { GRAPH_COLORS, type GraphPaint } from './graph-drawing.ts'

const COLORS = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const

/** Colours the lines of a graph in git's order: six colours, then the same in bold. */
export function graphPaint(terminal: Pick<Terminal, 'color'>): GraphPaint {
  return (text, color) => {
    if (color === undefined) return text
    const name = COLORS[color % COLORS.length] ?? 'red'
    return styled(terminal, color < GRAPH_COLORS / 2 ? name : [name, 'bold'], text)
  }
}
