import { readFileSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import { parseLinkText } from '../../model/cid-text.ts'
import { IntegrityError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'

/** What HEAD names: a branch by its full name (which may be unborn), or a commit. */
export type Head = { branch: string } | { detached: CID }

/** Reads the file HEAD. Throws IntegrityError `head-corrupt`. */
export function readHeadFile(path: string): Head {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw explainFsError(error, path)
  }
  const head = parseHead(text)
  if (head === undefined) {
    throw new IntegrityError('head-corrupt', `HEAD names neither a branch nor a commit: ${path}`, {
      hint: `write "ref: refs/heads/main" into the file, with the branch you were on (the last line of logs/HEAD.log tells)`,
      details: { path },
    })
  }
  return head
}

/** The text of the file HEAD: `ref: refs/heads/main` or a CID, and a line feed. */
export function formatHead(head: Head): string {
  return 'branch' in head ? `ref: ${head.branch}\n` : `${head.detached.toString()}\n`
}

/** Whether two values of HEAD name the same branch, or the same commit. */
export function isSameHead(a: Head, b: Head): boolean {
  return formatHead(a) === formatHead(b)
}

function parseHead(text: string): Head | undefined {
  const branch = /^ref: (refs\/heads\/[^\n]+)\n$/.exec(text)?.[1]
  if (branch !== undefined) {
    return { branch }
  }
  const cid = parseCidLine(text)
  return cid === undefined ? undefined : { detached: cid }
}

/** The CID in a line of its own with its line feed; undefined for anything else, a torn line among it. */
export function parseCidLine(text: string): CID | undefined {
  if (!text.endsWith('\n')) {
    return undefined
  }
  try {
    return parseLinkText(text.slice(0, -1))
  } catch {
    return undefined
  }
}
