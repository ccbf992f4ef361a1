import { NotFoundError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import type { Repository } from '../repository.ts'

/** The error `branch-missing` or `tag-missing` for a short name, with the nearest names there are as its hint. */
export async function refMissing(
  repository: Repository,
  kind: 'branch' | 'tag',
  prefix: string,
  name: string,
): Promise<NotFoundError> {
  const refs = await repository.refs.list(prefix)
  const near = nearestNames(
    name,
    refs.map((ref) => ref.name.slice(prefix.length)),
  )
  return new NotFoundError(`${kind}-missing`, `there is no ${kind} "${name}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `\`jzfs ${kind}\` lists what there is`,
    details: { [kind]: name, nearest: near },
  })
}
