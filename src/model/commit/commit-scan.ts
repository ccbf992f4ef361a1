import { parseDate } from './date.ts'

/** What a walk through history needs of a commit; CIDs are in the text form in which the commit holds them. */
export interface CommitLinks {
  tree: string
  parents: string[]
  /** The committer's date, in seconds since 1970. */
  committedAt: number
  /** The author's date, in seconds since 1970. */
  authoredAt: number
}

/**
 * Reads the links and the dates of a commit in canonical form, without making CIDs or looking at the rest:
 * ten times as fast as `decodeCommit`, and no proof that the rest is right. Undefined for any other bytes.
 */
export function scanCommit(bytes: Uint8Array): CommitLinks | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // A character is a byte here, so that places in the one are places in the other.
  const text = buffer.toString('latin1')
  // Quotes inside of JSON strings are escaped, so none of these marks can stand in a name or a message.
  const committer = text.indexOf(COMMITTER)
  const parents = text.indexOf(PARENTS, committer)
  const tree = text.lastIndexOf(TREE)
  if (committer === -1 || parents === -1 || tree < parents || !text.startsWith(AUTHOR) || !text.endsWith(END)) {
    return undefined
  }
  const committed = dateAt(text, committer + COMMITTER.length)
  const authored = dateAt(text, AUTHOR.length)
  const ids = scanLinks(buffer, text, parents + PARENTS.length)
  if (committed === undefined || authored === undefined || ids === undefined) return undefined
  const treeId = copyText(buffer, tree + TREE.length, buffer.length - END.length)
  return { tree: treeId, parents: ids, committedAt: committed, authoredAt: authored }
}

const AUTHOR = '{"author":{"date":"'
const COMMITTER = '"},"committer":{"date":"'
const PARENTS = ',"parents":['
const TREE = ',"tree":{"/":"'
const END = '"},"type":"jzfs/commit/1"}'
const LINK = '{"/":"'
const DATE_LENGTH = '2026-01-02T03:04:05+01:00'.length

function dateAt(text: string, at: number): number | undefined {
  return parseDate(text.slice(at, at + DATE_LENGTH))?.seconds
}

function scanLinks(buffer: Buffer, text: string, start: number): string[] | undefined {
  const ids: string[] = []
  let at = start
  while (text[at] !== ']') {
    if (!text.startsWith(LINK, at)) return undefined
    const end = text.indexOf('"}', at + LINK.length)
    if (end === -1) return undefined
    ids.push(copyText(buffer, at + LINK.length, end))
    at = end + 2
    if (text[at] === ',') at++
  }
  return ids
}

/** A string of its own: a slice of the whole text would keep all of it in memory. */
function copyText(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('latin1', start, end)
}
