import type { JzfsError } from '../../model/errors.ts'
import { escapeControls } from '../../model/quote-name.ts'
import type { Remote } from '../../sync/remote/remote.ts'
import type { Terminal } from '../terminal.ts'

/** A remote that warns of peers that lied, or are behind, where the answer of another one is good. */
export function warnOfRefused(remote: Remote, terminal: Terminal): Remote {
  return {
    url: remote.url,
    get peers() {
      return remote.peers
    },
    async list(options) {
      const listed = await remote.list(options)
      warnOfFailures(terminal, listed.refused)
      return listed
    },
    ...(remote.push === undefined ? {} : { push: remote.push.bind(remote) }),
    close: () => remote.close(),
  }
}

/** Warns of peers that failed, where it went on with others. */
export function warnOfFailures(terminal: Terminal, errors: readonly JzfsError[] = []): void {
  for (const error of errors) terminal.say(`warning: ${escapeControls(error.message)}`)
}

/** What was wrong with peers, as JSON shows it. */
export function failureDocuments(errors: readonly JzfsError[] = []): object[] {
  return errors.map(({ code, message, details }) => ({ code, message, peer: details['peer'] ?? null }))
}
