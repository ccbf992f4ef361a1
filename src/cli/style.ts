import { styleText } from 'node:util'

import type { Terminal } from './terminal.ts'

type Format = Parameters<typeof styleText>[0]

/** Colours text where the terminal shows colour, else leaves it as it is. */
export function styled(terminal: Pick<Terminal, 'color'>, format: Format, text: string): string {
  return terminal.color ? styleText(format, text, { validateStream: false }) : text
}
