import type { AbortOptions } from '../../model/block.ts'
import { parseDate } from '../../model/commit/date.ts'
import { NotFoundError } from '../../model/errors.ts'
import { readRefDetails, type RefDetails } from '../refs/ref-details.ts'
import { TAGS } from '../refs/tag.ts'
import type { Repository } from '../repository.ts'

/** A name that a commit has by a ref. */
export interface CommitName {
  /** `v1`; with all refs `tags/v1`, `heads/main`. */
  name: string
  /** The full name of the ref. */
  ref: string
  /** The commit that it names, through tags, as text. */
  commit: string
  isAnnotated: boolean
  isTag: boolean
  /** Seconds since 1970: of the tagger, or else of the commit. */
  seconds: number
}

/** Which refs name commits. */
export interface NameFilter extends AbortOptions {
  /** Any ref, not only tags. */
  all?: boolean | undefined
  /** Told the name without `refs/tags/`, `refs/heads/` or `refs/remotes/`; undefined for refs of another kind. */
  accepts?: (shortName: string | undefined) => boolean
}

/** The names of commits by refs, in the order of the refs' names. What a ref names and is not here is passed over. */
export async function readCommitNames(
  { refs, store }: Pick<Repository, 'refs' | 'store'>,
  { all = false, accepts = () => true, signal }: NameFilter = {},
): Promise<CommitName[]> {
  const names: CommitName[] = []
  for (const ref of await refs.list(all ? 'refs' : TAGS)) {
    if (!accepts(/^refs\/(?:tags|heads|remotes)\/(.*)$/s.exec(ref.name)?.[1])) continue
    const details = await readIfHere(readRefDetails(store, ref, { signal }))
    const commit = details?.peeled ?? details
    if (details === undefined || commit?.commit === undefined) continue
    names.push({
      name: ref.name.slice(all ? 'refs/'.length : TAGS.length),
      ref: ref.name,
      commit: commit.cid.toString(),
      isAnnotated: details.tag !== undefined,
      isTag: ref.name.startsWith(TAGS),
      seconds: secondsOf(details.tag?.tagger.date ?? commit.commit.committer.date),
    })
  }
  return names
}

async function readIfHere(details: Promise<RefDetails>): Promise<RefDetails | undefined> {
  try {
    return await details
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

function secondsOf(date: string): number {
  return parseDate(date)?.seconds ?? 0
}
