/**
 * The one hierarchy of errors of jzfs. Match on `code`: it is stable; messages are free to change.
 *
 * A family says what kind of failure it is, and so which exit status and which HTTP status it becomes. A message says
 * what failed and names the thing; `hint` says what to do about it.
 */
export type ErrorFamily = 'not-found' | 'invalid' | 'conflict' | 'integrity' | 'unavailable'

/** What an error carries beside its message. */
export interface ErrorFields {
  /** What the reader can do about it: one line, imperative. */
  hint?: string
  cause?: unknown
  /** Typed facts for programs (paths, CIDs as text, a pid): what `--json` shows. */
  details?: Record<string, unknown>
}

/** An error that a user can meet. Anything else that is thrown is a bug. */
export abstract class JzfsError extends Error {
  abstract readonly family: ErrorFamily
  readonly code: string
  readonly hint: string | undefined
  readonly details: Record<string, unknown>

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? {} : { cause: fields.cause })
    this.name = new.target.name
    this.code = code
    this.hint = fields.hint
    this.details = fields.details ?? {}
  }
}

/** What was named is not there. */
export class NotFoundError extends JzfsError {
  readonly family = 'not-found'
}

/** What was given cannot be right: a bad argument, name, path or configuration. */
export class InvalidError extends JzfsError {
  readonly family = 'invalid'
}

/** What was asked would lose or cross somebody's work, or another process is at it. */
export class ConflictError extends JzfsError {
  readonly family = 'conflict'
}

/** Bytes, structure or signatures are not what they claim to be. */
export class IntegrityError extends JzfsError {
  readonly family = 'integrity'
}

/** Something outside did not do its part: a peer, the disk, the network, a permission. */
export class UnavailableError extends JzfsError {
  readonly family = 'unavailable'
}
