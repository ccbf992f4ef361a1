import { InvalidError } from '../../model/errors.ts'

/** The error for a pattern that cannot be understood: InvalidError `pattern-invalid` (details: `pattern`). */
export function patternInvalid(pattern: string, problem: string): InvalidError {
  return new InvalidError('pattern-invalid', `the pattern ${JSON.stringify(pattern)} cannot be read: ${problem}`, {
    hint: 'to look for a text as it stands, give -F',
    details: { pattern },
  })
}
