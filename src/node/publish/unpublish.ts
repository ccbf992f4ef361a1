import type { AbortOptions } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { unpublishHead } from '../../sync/publish/published-set.ts'
import type { Home } from '../home/home.ts'
import type { PublishedHead } from '../home/repository-registry.ts'
import { headSetPath } from './published-files.ts'

/**
 * Ends the publication of an IPNS name: nothing of it is served from now on, and its record is not given any more. Key and
 * sequence are kept, so that the name can be published again. Copies that others have made stay theirs.
 *
 * Throws NotFoundError `not-published` (details: `name`), ConflictError `locked`.
 */
export async function unpublish(
  home: Home,
  name: string,
  options: AbortOptions & { command: string },
): Promise<PublishedHead> {
  const lock = await home.lock(options)
  try {
    const list = home.repositories.list()
    const head = list.flatMap(({ heads }) => heads).find((each) => each.name === name)
    if (head === undefined) {
      throw new NotFoundError('not-published', `this node does not publish ${name}`, {
        hint: '`jzfs publish --list` shows what it publishes',
        details: { name },
      })
    }
    // The set first: without it nothing is served, wherever we are interrupted.
    await unpublishHead(headSetPath(home.layout, name))
    const left = list.map((each) => ({ ...each, heads: each.heads.filter((other) => other.name !== name) }))
    await home.repositories.write(left.filter(({ heads }) => heads.length > 0))
    return head
  } finally {
    lock.release()
  }
}
