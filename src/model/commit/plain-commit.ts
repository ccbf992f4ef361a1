import type { CID } from 'multiformats/cid'

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
 * Reads a commit to show it: several times as fast as `decodeCommit`, since it makes no CIDs and does not prove that the
 * bytes are in canonical form. `links` are those of the commit, if they were read before. Throws as `decodeCommit` where it
 * meets what no commit has.
 */
export function readPlainCommit(
  cid: CID,
  bytes: Uint8Array,
  links: Pick<CommitLinks, 'tree' | 'parents'> | undefined = scanCommit(bytes),
): PlainCommit {
  const fields = links && parseFields(bytes)
  if (links === undefined || fields === undefined) return plain(decodeCommit(cid, bytes))
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
