import { renderDate } from '../../model/commit/date-style.ts'
import type { Person } from '../../model/commit/person.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Blame, BlamedLines } from '../../repo/blame/blame.ts'
import { commitText, endedLine } from './blame-text.ts'
import type { BlamedCommits } from './blamed-commits.ts'

/**
 * The output of `git blame --porcelain`, for programs. The facts of a commit stand before its first lines, or with
 * `repeats` before each line.
 */
export function* renderBlamePorcelain(
  { lines, blamed }: Blame,
  commits: BlamedCommits,
  { repeats, now }: { repeats: boolean; now: Date },
): Generator<Uint8Array> {
  const paths = new Map<string, Set<string>>()
  for (const { commit, path } of blamed) {
    const id = commitText(commit)
    paths.set(id, (paths.get(id) ?? new Set<string>()).add(path))
  }
  const shown = new Set<string>()
  for (const each of blamed) {
    const id = commitText(each.commit)
    for (let at = 0; at < each.count; at++) {
      const group = at === 0 ? ` ${each.count}` : ''
      yield Buffer.from(`${id} ${each.line + at + 1} ${each.start + at + 1}${group}\n`)
      const isNew = !shown.has(id)
      shown.add(id)
      if (isNew || repeats) yield Buffer.from(commitFacts(each, commits, now))
      // Of a commit with several files, each group of lines names its own.
      if (isNew || repeats || (at === 0 && (paths.get(id)?.size ?? 0) > 1)) yield Buffer.from(pathFacts(each))
      yield Buffer.from('\t')
      yield* endedLine(lines, each.start + at)
    }
  }
}

function commitFacts(each: BlamedLines, commits: BlamedCommits, now: Date): string {
  const { author, committer, summary } = commits(each)
  const boundary = each.isBoundary ? 'boundary\n' : ''
  return `${personFacts('author', author, now)}${personFacts('committer', committer, now)}summary ${summary}\n${boundary}`
}

function personFacts(role: string, { name, email, date }: Person, now: Date): string {
  const [time, offset] = renderDate(date, 'raw', now).split(' ')
  return `${role} ${name}\n${role}-mail <${email}>\n${role}-time ${time}\n${role}-tz ${offset}\n`
}

function pathFacts({ path, previous }: BlamedLines): string {
  const before = previous === undefined ? '' : `previous ${commitText(previous.commit)} ${quoteName(previous.path)}\n`
  return `${before}filename ${quoteName(path)}\n`
}
