import { InvalidError } from '../../model/errors.ts'
import { MAX_COMMIT_BYTES } from '../../model/limits.ts'
import { MAX_OFFERED_HEADS } from '../../sync/protocol/sync-limits.ts'
import type { PublishedRef } from '../home/repository-registry.ts'

/** At most so much a ref takes in a manifest beside its name: a CID, an IPNS name, and what is between them. */
const MAX_ENTRY_BYTES = 190

/**
 * Refuses more refs of one repository than a manifest can name, and more that are not for everybody than can be offered
 * beside it. InvalidError `too-many-refs` (details: `count`).
 */
export function checkPublishedRefs(refs: Iterable<PublishedRef>): void {
  let [bytes, count, besides] = [0, 0, 0]
  for (const { ref, audience } of refs) {
    count++
    if (audience === 'public') bytes += MAX_ENTRY_BYTES + Buffer.byteLength(JSON.stringify(ref))
    else besides++
  }
  if (bytes <= MAX_COMMIT_BYTES && besides <= MAX_OFFERED_HEADS) return
  throw new InvalidError('too-many-refs', `the repository would have ${count} published refs`, {
    hint: 'delete or unpublish branches and tags that nobody needs',
    details: { count },
  })
}
