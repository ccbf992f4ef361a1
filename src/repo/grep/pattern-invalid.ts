import { InvalidError } from '../../model/errors.ts'
import { escapeControls } from '../../model/quote-name.ts'

/** The error for a pattern that cannot be understood: InvalidError `pattern-invalid` (details: `pattern`). */
export function patternInvalid(pattern: string, problem: string): InvalidError {
  return new InvalidError('pattern-invalid', `the pattern '${escapeControls(pattern)}' cannot be read: ${problem}`, {
    hint: 'to look for a text as it stands, give -F',
    details: { pattern },
  })
}
