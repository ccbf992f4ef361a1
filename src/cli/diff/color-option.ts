import { InvalidError } from '../../model/errors.ts'
import type { Terminal } from '../terminal.ts'

/** Reads `--color` and `--no-color`; undefined where the terminal decides. InvalidError `usage`. */
export function readColor(when: string | false | undefined): boolean | undefined {
  if (when === undefined || when === 'auto') return undefined
  if (when === 'always') return true
  if (when === false || when === 'never') return false
  throw new InvalidError('usage', `--color wants always, never or auto, not "${when}"`)
}

/** The terminal with the colours that were asked for. */
export function withColor(terminal: Terminal, color: boolean | undefined): Terminal {
  return color === undefined ? terminal : { ...terminal, color, json: (value) => terminal.json(value) }
}
