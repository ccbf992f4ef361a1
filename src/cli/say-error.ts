import type { JzfsError } from '../model/errors.ts'
import { escapeControls } from '../model/quote-name.ts'
import type { Terminal } from './terminal.ts'

/** Says on standard error what went wrong and what to do about it; under `--json` as one document. */
export function sayError(terminal: Terminal, error: JzfsError, asJson: boolean): void {
  const { code, family, message, hint, details } = error
  if (asJson) {
    const document = { error: { code, family, message, hint, ...details } }
    return terminal.say(JSON.stringify(document, (_, value: unknown) => textual(value)))
  }
  terminal.say(`jzfs: ${escapeControls(message)}`)
  if (hint !== undefined) terminal.say(`hint: ${escapeControls(hint)}`)
}

function textual(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
