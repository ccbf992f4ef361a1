import { isAscii } from 'node:buffer'

import { parseLinkText } from '../cid-text.ts'
import { type CommitLinks, scanCommit } from './commit-scan.ts'
import { decodeCommit } from './commit.ts'
import { parseDate } from './date.ts'
import type { Person } from './person.ts'

/** A commit for those who show it: links are CID texts, as the commit holds them. */
export interface PlainCommit {
  tree: string
  parents: string[]
  author: Person
  committer: Person
  message: string
  run?: string
}

/**
 * Reads a commit, named by the text of its CID, to show it: several times as fast as `decodeCommit`, since it makes no CIDs and
 * does not prove that the bytes are in canonical form. `links` are those of the commit, if they were read before. Throws as
 * `decodeCommit` where it meets what no commit has.
 */
export function readPlainCommit(
  id: string,
  bytes: Uint8Array,
  links: Pick<CommitLinks, 'tree' | 'parents'> | undefined = scanCommit(bytes),
): PlainCommit {
  const fields = links && (scanFields(bytes) ?? parseFields(bytes))
  if (links === undefined || fields === undefined) return plain(decodeCommit(parseLinkText(id), bytes))
  const { author, committer, message, run } = fields
  const { tree, parents } = links
  const people = { author: inOrder(author), committer: inOrder(committer) }
  return { tree, parents, ...people, message, ...(run !== undefined && { run: run['/'] }) }
}

/** The fields as `decodeCommit` has them: documents show them in this order. */
function inOrder({ name, email, date }: Person): Person {
  return { name, email, date }
}

interface Fields {
  author: Person
  committer: Person
  message: string
  run?: { '/': string }
}

/**
 * Cuts the fields out of a commit in canonical form that `scanCommit` knows. Undefined where text is not plain: escaped, but for
 * a line feed at the end of the message, or not ASCII.
 */
function scanFields(bytes: Uint8Array): Fields | undefined {
  if (!isAscii(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const author = personAt(text, AUTHOR.length)
  const committer = author && personAt(text, author.end + COMMITTER.length)
  if (committer === undefined || !text.startsWith(MESSAGE, committer.end)) return undefined
  const start = committer.end + MESSAGE.length
  const end = text.indexOf(PARENTS, start)
  const links = text.indexOf(']', end)
  const escape = text.indexOf('\\')
  const hasLineFeed = escape === end - 2 && text[end - 1] === 'n'
  if ((escape !== -1 && !hasLineFeed) || !text.startsWith(TREE, links)) return undefined
  const message = hasLineFeed ? `${text.slice(start, escape)}\n` : text.slice(start, end)
  return { author: author as Person, committer, message }
}

// Quotes inside of strings are escaped: none of these can stand in a name or a message that has no backslash.
const AUTHOR = '{"author":{"date":"'
const COMMITTER = '"},"committer":{"date":"'
const EMAIL = '","email":"'
const NAME = '","name":"'
const MESSAGE = '"},"message":"'
const PARENTS = '","parents":['
const TREE = '],"tree":'
const DATE_LENGTH = 25

/** The person whose date begins there, and where its name ends. */
function personAt(text: string, at: number): (Person & { end: number }) | undefined {
  const email = at + DATE_LENGTH + EMAIL.length
  const emailEnd = text.indexOf(NAME, email)
  const end = text.indexOf('"', emailEnd + NAME.length)
  if (emailEnd === -1 || end === -1 || !text.startsWith(EMAIL, at + DATE_LENGTH)) return undefined
  return {
    name: text.slice(emailEnd + NAME.length, end),
    email: text.slice(email, emailEnd),
    date: text.slice(at, at + DATE_LENGTH),
    end,
  }
}

function parseFields(bytes: Uint8Array): Fields | undefined {
  let fields: Fields
  try {
    fields = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as Fields
  } catch {
    return undefined
  }
  const { author, committer, message, run } = fields
  const isRun = run === undefined || typeof run['/'] === 'string'
  return isPerson(author) && isPerson(committer) && typeof message === 'string' && isRun ? fields : undefined
}

function isPerson(person: Person): boolean {
  const { name, email, date } = person
  return (
    typeof name === 'string' && typeof email === 'string' && typeof date === 'string' && parseDate(date) !== undefined
  )
}

function plain({ tree, parents, author, committer, message, run }: ReturnType<typeof decodeCommit>): PlainCommit {
  const links = { tree: tree.toString(), parents: parents.map(String) }
  return { ...links, author, committer, message, ...(run !== undefined && { run: run.toString() }) }
}
