import { createContext, Script } from 'node:vm'

import { UnavailableError } from '../../model/errors.ts'

/** Far more than any piece of a file takes. */
const TIMEOUT_MS = 20_000

const sandbox = createContext({ work: undefined as (() => void) | undefined })
const script = new Script('work()')

/**
 * Runs work that may take exponential time, as some regular expressions do on some texts: for at most 20 s, and Ctrl-C ends it,
 * which nothing else could.
 *
 * Throws UnavailableError `pattern-too-slow` and `interrupted`.
 */
export function runGuarded(work: () => void): void {
  sandbox['work'] = work
  try {
    script.runInContext(sandbox, { timeout: TIMEOUT_MS, breakOnSigint: true })
  } catch (error) {
    // Errors of the sandbox are of classes of its own.
    const { code } = error as { code?: unknown }
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED')
      throw new UnavailableError('interrupted', 'interrupted', { cause: error })
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new UnavailableError(
      'pattern-too-slow',
      'the pattern takes too long: it tries too many ways to match a line',
      {
        hint: 'do not repeat a group in which something is repeated; or give -F to look for a text as it stands',
        cause: error,
      },
    )
  } finally {
    sandbox['work'] = undefined
  }
}
