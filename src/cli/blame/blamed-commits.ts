import type { AbortOptions } from '../../model/block.ts'
import { dateOf } from '../../model/commit/date.ts'
import type { Person } from '../../model/commit/person.ts'
import { escapeControls } from '../../model/quote-name.ts'
import type { BlamedLines } from '../../repo/blame/blame.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { messageParts } from '../history/commit-message.ts'

/** What is shown of a commit that lines are blamed on. */
export interface BlamedCommit {
  author: Person
  committer: Person
  summary: string
}

/** The commits of blamed lines; lines that are in none yet have one made up, as git has it. */
export type BlamedCommits = (lines: Pick<BlamedLines, 'commit'>) => BlamedCommit

/** Reads the commits that lines are blamed on. */
export async function readBlamedCommits(
  graph: CommitGraph,
  blamed: readonly BlamedLines[],
  { path, now, ...options }: AbortOptions & { path: string; now: Date },
): Promise<BlamedCommits> {
  const known = new Map<string | undefined, BlamedCommit>([[undefined, uncommitted(path, now)]])
  for (const { commit } of blamed) {
    if (commit === undefined || known.has(commit)) continue
    const { author, committer, message } = await graph.read(commit, options)
    const summary = escapeControls(messageParts(message).subject)
    known.set(commit, { author: printable(author), committer: printable(committer), summary })
  }
  return ({ commit }) => known.get(commit) as BlamedCommit
}

function printable({ name, email, date }: Person): Person {
  return { name: escapeControls(name), email: escapeControls(email), date }
}

function uncommitted(path: string, now: Date): BlamedCommit {
  const date = dateOf(now, -now.getTimezoneOffset())
  const person = { name: 'Not Committed Yet', email: 'not.committed.yet', date }
  return { author: person, committer: person, summary: `Version of ${path} from ${path}` }
}
