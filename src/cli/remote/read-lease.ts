import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import type { PushLease } from '../../sync/remote/judge-push.ts'

/**
 * Reads the values of `--force-with-lease`: an empty one covers all refs, `REF` one, `REF:EXPECTED` one that must be
 * EXPECTED (a revision; nothing: not there).
 */
export async function readLease(
  repository: Repository,
  given: string[] | string | false | undefined,
): Promise<PushLease | undefined> {
  if (given === undefined || given === false) return undefined
  const values = typeof given === 'string' ? [given] : given
  const refs: PushLease['refs'][number][] = []
  for (const value of values.filter((each) => each !== '')) refs.push(await readOne(repository, value))
  return { coversAll: values.includes(''), refs }
}

async function readOne(repository: Repository, value: string): Promise<PushLease['refs'][number]> {
  const colon = value.indexOf(':')
  if (colon === -1) return { name: value, expected: 'tracking' }
  const [name, expected] = [value.slice(0, colon), value.slice(colon + 1)]
  return { name, expected: expected === '' ? undefined : (await resolveRevision(repository, expected)).cid }
}
