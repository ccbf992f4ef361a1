import { CID } from 'multiformats/cid'

import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { openDigestSet } from '../../sync/publish/digest-set-file.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { headsSetPath } from './published-files.ts'

/** What a home has published of one repository, by its id: commits and tags; peers may ask for what they reach. */
export function listPublishedHeads(home: Home, repositoryId: string): CID[] {
  const registered = home.repositories.list().find(({ id }) => id === repositoryId)
  const refs = registered === undefined ? [] : publishedRefsOf(registered)
  const paths = new Set(refs.map(({ audience }) => headsSetPath(home.layout, repositoryId, audience)))
  return [...paths].flatMap((path) => {
    try {
      const set = openDigestSet(path)
      set.close()
      return set.heads.map((head) => CID.decode(head))
    } catch (error) {
      // What cannot be read is not served either.
      if (error instanceof IntegrityError || error instanceof NotFoundError) return []
      throw error
    }
  })
}
