import {
  ConflictError,
  type ErrorFamily,
  IntegrityError,
  InvalidError,
  JzfsError,
  NotFoundError,
  UnavailableError,
} from '../../../model/errors.ts'
import { MAX_REF_NAME_BYTES } from '../../../model/limits.ts'
import { MAX_REFUSAL_TEXT } from '../sync-limits.ts'
import { WireProblem } from '../wire-problem.ts'
import { readOptionalText } from './message-fields.ts'
import { encodeMessage, type Fields, type Message } from './message-frame.ts'
import { SYNC_RESPONSE } from './message-types.ts'

/** What one side answers that does not do what it was asked. */
export interface Refusal {
  /** `not-served`, `repository-unknown`, `ref-changed` …: later versions may have more. */
  code: string
  /** For people. */
  message: string
  /** What kind of failure it is. */
  family?: ErrorFamily | undefined
  /** The ref that it is about. */
  ref?: string | undefined
}

/** A request that is refused. Each side makes of it what it owes the other, or its user. */
export class RefusedRequest extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.name = 'RefusedRequest'
    this.refusal = refusal
  }
}

/** The bytes of a refusal, as the response of a type. */
export function encodeRefusal(type: string, { code, message, family, ref }: Refusal): Uint8Array {
  return encodeMessage(type, { code, family, message, ref, status: 'refused' })
}

/**
 * The fields of a response of this type. Throws RefusedRequest where it is a refusal (a request that was not understood
 * is refused by the response of the first type of message, whatever was asked), and WireProblem.
 */
export function openResponse({ type, fields }: Message, expected: string): Fields {
  const { status } = fields
  if (type !== expected && !(type === SYNC_RESPONSE && status === 'refused')) {
    throw new WireProblem(`the header's type is not ${expected}`)
  }
  if (status === 'refused') throw new RefusedRequest(readRefusal(fields))
  if (status !== 'ok') throw new WireProblem('status is neither ok nor refused')
  return fields
}

/**
 * What a refusal is for whoever asked: an error of its family with its code, and UnavailableError `peer-refused` where
 * it names none (details: `peer`, `refusal`, `reason`, `ref`). What the peer wrote is quoted, whatever characters are in it. Other
 * errors stay.
 */
export function explainRefusal(error: unknown, peer: string): unknown {
  if (!(error instanceof RefusedRequest)) return error
  const { code, message, family, ref } = error.refusal
  const Refused = family === undefined || !isCode(code) ? undefined : CLASSES[family]
  const text = `${peer} refused: ${JSON.stringify(message)}`
  const details = {
    peer,
    refusal: code,
    reason: JSON.stringify(message).slice(1, -1),
    ...(ref === undefined ? {} : { ref }),
  }
  if (Refused !== undefined) return new Refused(code, text, { hint: HINTS[code] ?? 'ask its owner', details })
  return new UnavailableError('peer-refused', `${text} (${JSON.stringify(code)})`, {
    hint: 'it may run another version of jzfs; try another peer',
    details,
  })
}

/** What is told of an error to whoever asked. */
export function refusalOf({ code, message, family, details }: JzfsError): Refusal {
  const ref = typeof details['ref'] === 'string' ? details['ref'] : undefined
  return { code, message: message.slice(0, MAX_REFUSAL_TEXT), family, ref }
}

function readRefusal(fields: Fields): Refusal {
  const [code, message] = [textOf(fields, 'code'), textOf(fields, 'message')]
  const family = fields['family']
  const isFamily = typeof family === 'string' && Object.hasOwn(CLASSES, family)
  const ref = readOptionalText(fields, 'ref', MAX_REF_NAME_BYTES)
  return { code, message, family: isFamily ? (family as ErrorFamily) : undefined, ref }
}

/** At most so much of it is read. */
function textOf(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new WireProblem(`${name} is no text`)
  return value.slice(0, MAX_REFUSAL_TEXT)
}

function isCode(code: string): boolean {
  return /^[a-z][a-z0-9-]{0,63}$/.test(code)
}

const CLASSES: Record<ErrorFamily, new (...args: ConstructorParameters<typeof JzfsError>) => JzfsError> = {
  invalid: InvalidError,
  'not-found': NotFoundError,
  conflict: ConflictError,
  integrity: IntegrityError,
  unavailable: UnavailableError,
}

const HINTS: Record<string, string | undefined> = {
  'ref-changed': 'someone else pushed meanwhile: `jzfs fetch`, merge what is new, and push again',
  'push-forbidden': 'ask its owner to add you to those who may push: `jzfs id` shows your peer id',
  'repository-unknown': 'check the name; its owner may not have published it, or to others only',
  'push-busy': 'push again in a moment',
  'transfer-too-large': 'push in several steps, or ask its owner to raise the limit',
}
