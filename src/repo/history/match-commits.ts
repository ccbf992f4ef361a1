import type { AbortOptions } from '../../model/block.ts'
import { formatIdentity } from '../../model/commit/person.ts'
import type { CommitGraph } from './commit-graph.ts'

/** What commits are looked for: each list that is not empty must be met. */
export interface CommitPatterns {
  /** One of them matches the author, as `Name <email>`. */
  authors: readonly RegExp[]
  /** The same of the committer. */
  committers: readonly RegExp[]
  /** One of them matches a line of the message; give them the flag `m`. */
  messages: readonly RegExp[]
  /** All of `messages` must match, each some line. */
  matchesAll?: boolean
  /** The message must not be one that `messages` finds. */
  invertsMessages?: boolean
}

/** Whether commits are as the patterns say; undefined where there are no patterns, so that no commit need be read. */
export function commitMatcher(
  graph: CommitGraph,
  { authors, committers, messages, matchesAll = false, invertsMessages = false }: CommitPatterns,
  options: AbortOptions = {},
): ((id: string) => Promise<boolean>) | undefined {
  if (authors.length + committers.length + messages.length === 0) return undefined
  return async (id) => {
    const { author, committer, message } = await graph.read(id, options)
    if (!matchesAny(authors, formatIdentity(author)) || !matchesAny(committers, formatIdentity(committer))) return false
    const isFound = matchesAll ? messages.every((each) => each.test(message)) : matchesAny(messages, message)
    return messages.length === 0 || isFound !== invertsMessages
  }
}

function matchesAny(patterns: readonly RegExp[], text: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => pattern.test(text))
}
