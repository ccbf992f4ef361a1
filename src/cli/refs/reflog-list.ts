import { readApproximateDate } from '../../model/commit/approximate-date.ts'
import { parseDate } from '../../model/commit/date.ts'
import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import type { ReflogEntry } from '../../repo/refs/reflog.ts'
import type { Repository } from '../../repo/repository.ts'
import { findRef } from '../../repo/revision/find-ref.ts'
import type { Context } from '../context.ts'
import { localOffset } from '../identity.ts'
import { shortRefName } from './ref-template.ts'

/** A line of the log of a ref: what `REF@{nth}` names. */
export interface LoggedChange extends ReflogEntry {
  /** `HEAD`, or the full name. */
  ref: string
  nth: number
  /** Whether the commit is in the store. */
  isHere: boolean
}

/**
 * The lines of the logs that are asked for, newest first: those of one ref (HEAD; from `@{…}` on, where the name has that), or one log
 * after the other. Throws NotFoundError `ref-missing`, InvalidError `usage`.
 */
export async function* readReflogs(
  context: Context,
  repository: Repository,
  { name, all }: { name: string | undefined; all: boolean },
): AsyncGenerator<LoggedChange> {
  if (all && name !== undefined) {
    throw new InvalidError('usage', `reflog: --all and ${name} do not go together`, { hint: 'leave out one of them' })
  }
  if (all) {
    yield* readLog(repository, 'HEAD')
    const others = [...(await repository.refs.list()), ...(await repository.refs.list('refs/stash'))]
    for (const ref of new Set(others.map((each) => each.name))) yield* readLog(repository, ref)
    return
  }
  const { ref, from } = readStart(context, name ?? 'HEAD')
  const full = await fullName(repository, ref)
  for await (const change of readLog(repository, full)) if (from(change)) yield change
}

async function* readLog({ refs, store }: Repository, ref: string): AsyncGenerator<LoggedChange> {
  let nth = 0
  for await (const entry of refs.log(ref)) {
    yield { ...entry, ref, nth: nth++, isHere: entry.after === undefined || (await store.has(entry.after)) }
  }
}

/** `main@{5}` begins with that line, `main@{yesterday}` with what was newest then. */
function readStart({ now }: Context, text: string): { ref: string; from: (change: LoggedChange) => boolean } {
  const [, name, inside] = /^(.*)@\{([^}]+)\}$/s.exec(text) ?? []
  if (name === undefined || inside === undefined) return { ref: text, from: () => true }
  const ref = name === '' ? 'HEAD' : name
  if (/^\d{1,9}$/.test(inside)) return { ref, from: ({ nth }) => nth >= Number(inside) }
  const seconds = readApproximateDate(inside, now(), localOffset)
  return { ref, from: ({ person }) => (parseDate(person.date)?.seconds ?? 0) <= seconds }
}

/** The full name of a ref. HEAD has a log also where it is on a branch that has no commit. */
async function fullName(repository: Repository, name: string): Promise<string> {
  if (name === 'HEAD' || name === '@') return 'HEAD'
  const ref = await findRef(repository, name)
  if (ref !== undefined) return ref.name
  const names = (await repository.refs.list()).map((each) => shortRefName(each.name))
  const nearest = nearestNames(name, ['HEAD', ...names])
  throw new NotFoundError('ref-missing', `there is no ref ${JSON.stringify(name)}, and no log of one`, {
    hint: nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : 'list refs with `jzfs for-each-ref`',
    details: { ref: name },
  })
}
