import type { AbortOptions } from '../../model/block.ts'
import type { Identity } from '../../model/commit/person.ts'
import type { PlainCommit } from '../../model/commit/plain-commit.ts'
import { compareNames } from '../../model/compare.ts'
import type { HistoryCommit } from '../history.ts'
import type { CommitGraph } from './commit-graph.ts'

/** How commits are put together: by who wrote them or who recorded them, by name alone or by name and email. */
export interface PersonRule extends AbortOptions {
  role: 'author' | 'committer'
  byEmail: boolean
  /** In which order the persons come: by their names' bytes, or those with the most commits first. */
  order: 'name' | 'count'
}

/** The commits of one person. */
export interface PersonCommits<Title> {
  name: string
  /** Only where persons are told apart by it. */
  email?: string
  count: number
  /** What `titleOf` gave for each, in the order in which they came. */
  titles: Title[]
}

/** Puts the commits of a walk together by person: git's `shortlog`. `titleOf` says what is kept of a commit. */
export async function commitsByPerson<Title>(
  graph: CommitGraph,
  commits: AsyncIterable<HistoryCommit>,
  { role, byEmail, order, signal }: PersonRule,
  titleOf?: (id: string, commit: PlainCommit, mark: HistoryCommit['side']) => Title,
): Promise<PersonCommits<Title>[]> {
  const persons = new Map<string, PersonCommits<Title>>()
  for await (const { id, side } of commits) {
    const reading = graph.read(id, { signal })
    const commit = reading instanceof Promise ? await reading : reading
    const person = personOf(persons, commit[role], byEmail)
    person.count++
    if (titleOf !== undefined) person.titles.push(titleOf(id, commit, side))
  }
  const byName = [...persons].sort(([a], [b]) => compareNames(a, b)).map(([, person]) => person)
  return order === 'name' ? byName : byName.sort((a, b) => b.count - a.count)
}

function personOf<Title>(
  persons: Map<string, PersonCommits<Title>>,
  { name, email }: Identity,
  byEmail: boolean,
): PersonCommits<Title> {
  const key = byEmail ? `${name} <${email}>` : name
  const known = persons.get(key)
  if (known !== undefined) return known
  const person: PersonCommits<Title> = { name, ...(byEmail && { email }), count: 0, titles: [] }
  persons.set(key, person)
  return person
}
