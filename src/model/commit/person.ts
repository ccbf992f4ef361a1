import { InvalidError } from '../errors.ts'
import { MAX_PERSON_BYTES } from '../limits.ts'
import { checkText, readMap, readText } from './dag-json-fields.ts'
import { parseDate } from './date.ts'
import { FieldProblem } from './field-problem.ts'

/** Who, and when. */
export interface Person {
  name: string
  email: string
  /** RFC 3339 with offset, in whole seconds: `2026-01-02T03:04:05+01:00`. */
  date: string
}

/** A person without the date: what configuration and `--author` give. */
export type Identity = Omit<Person, 'date'>

/**
 * Reads `Name <email>` as git's `--author` takes it, with what git strips at the ends stripped. Throws InvalidError
 * `person-invalid`.
 */
export function parseIdentity(text: string): Identity {
  const match = /^([^<>]*)<([^<>]*)>\s*$/.exec(text)
  if (match === null) throw personError(`"${text}" is not of the form "Name <email>"`)
  return createIdentity(match[1] as string, match[2] as string)
}

/**
 * The identity of a name and an email from configuration, environment or system: what git strips is stripped, and what
 * cannot be kept is refused. Throws InvalidError `person-invalid`.
 */
export function createIdentity(name: string, email: string): Identity {
  const identity = { name: strip(name), email: strip(email) }
  try {
    checkIdentity('', identity)
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error
    throw personError(`the author's ${error.field} ${error.message}`)
  }
  return identity
}

/** `Name <email>`. */
export function formatIdentity(person: Identity): string {
  return `${person.name} <${person.email}>`
}

/** Checks a person at a field of a node. Throws FieldProblem. */
export function checkPerson(at: string, person: Person): void {
  checkIdentity(`${at}.`, person)
  if (parseDate(person.date) === undefined) {
    throw new FieldProblem(`${at}.date`, 'must be a date like 2026-01-02T03:04:05+01:00')
  }
}

/** Reads a person from a parsed node. Throws FieldProblem; what it returns is not checked yet. */
export function readPerson(at: string, value: unknown): Person {
  const fields = readMap(at, value, ['date', 'email', 'name'])
  return {
    name: readText(`${at}.name`, fields['name']),
    email: readText(`${at}.email`, fields['email']),
    date: readText(`${at}.date`, fields['date']),
  }
}

/** The fields of a person in the order in which they are written. */
export function personJson({ date, email, name }: Person): { date: string; email: string; name: string } {
  return { date, email, name }
}

// Angle brackets delimit the email wherever a person is shown on one line; control characters move a terminal's cursor.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[<>\u0000-\u001f\u007f]/

function checkIdentity(prefix: string, { name, email }: Identity): void {
  if (name === '') throw new FieldProblem(`${prefix}name`, 'is empty')
  for (const [field, text] of [
    ['name', name],
    ['email', email],
  ] as const) {
    checkText(prefix + field, text, MAX_PERSON_BYTES)
    if (FORBIDDEN.test(text)) throw new FieldProblem(prefix + field, 'has one of < > or a control character')
  }
}

/** Git's rule for what may not stand at either end of a name or an email. */
function strip(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/^[\u0000- .,:;<>"\\']+|[\u0000- .,:;<>"\\']+$/g, '')
}

function personError(message: string): InvalidError {
  return new InvalidError('person-invalid', message, { hint: 'write it like "Ada Lovelace <ada@example.org>"' })
}
