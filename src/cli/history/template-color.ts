import { styleText } from 'node:util'

import { InvalidError } from '../../model/errors.ts'
import type { Terminal } from '../terminal.ts'

/** The escape sequence of a colour in a template, where the terminal shows colours. InvalidError `usage` for no colour. */
export function templateColor(text: string, terminal: Pick<Terminal, 'color'>): string {
  const isAlways = text.startsWith('always,')
  const words = text
    .replace(/^(?:auto|always),?/, '')
    .split(/[ ,]+/)
    .filter(Boolean)
  const escapes = words.map((word) => {
    if (word === 'reset') return '\u001b[0m'
    if (!COLORS.has(word)) {
      throw new InvalidError('usage', `there is no colour "${word}"`, { hint: `there are ${[...COLORS].join(', ')}` })
    }
    return styleText(FORMATS[word] ?? (word as 'red'), '', { validateStream: false }).split('m', 1)[0] + 'm'
  })
  return terminal.color || isAlways ? escapes.join('') : ''
}

const COLORS: ReadonlySet<string> = new Set([
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'bold',
  'dim',
  'italic',
  'ul',
  'reverse',
])
const FORMATS: Readonly<Record<string, 'underline' | 'inverse'>> = { ul: 'underline', reverse: 'inverse' }
