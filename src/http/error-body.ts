import {
  ConflictError,
  type ErrorFamily,
  IntegrityError,
  InvalidError,
  JzfsError,
  NotFoundError,
  UnavailableError,
} from '../model/errors.ts'

/** An error as it goes over HTTP. */
export interface ErrorBody {
  error: {
    family: ErrorFamily | 'internal'
    code: string
    message: string
    hint?: string | undefined
    details?: Record<string, unknown> | undefined
  }
}

/** The HTTP status of each family; `internal` is a bug. */
export const FAMILY_STATUS: Record<ErrorBody['error']['family'], number> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  integrity: 422,
  internal: 500,
  unavailable: 503,
}

/** What is sent of an error. Of what is no JzfsError only the message is. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof JzfsError) {
    const { family, code, message, hint, details } = error
    return { error: { family, code, message, hint, details } }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { error: { family: 'internal', code: 'internal', message } }
}

/** What is said of an error to others than this machine's user: its paths and programs are nobody's business. */
export function messageForOthers(error: unknown): string {
  if (error instanceof JzfsError && error.details['path'] === undefined) return error.message
  return 'something went wrong here'
}

/** Whether a JSON value is an ErrorBody. */
export function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false
  const { error } = value
  return typeof error === 'object' && error !== null && 'family' in error && 'code' in error && 'message' in error
}

/** The error that an ErrorBody was made of: the same class and fields. */
export function reviveError({ error }: ErrorBody): Error {
  const { family, code, message, hint, details = {} } = error
  const Revived = CLASSES[family]
  if (Revived === undefined) return new Error(`the daemon failed: ${message}`)
  return new Revived(code, message, hint === undefined ? { details } : { hint, details })
}

type ErrorClass = new (...args: ConstructorParameters<typeof JzfsError>) => JzfsError

const CLASSES: Record<string, ErrorClass | undefined> = {
  invalid: InvalidError,
  'not-found': NotFoundError,
  conflict: ConflictError,
  integrity: IntegrityError,
  unavailable: UnavailableError,
}
