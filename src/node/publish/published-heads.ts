import { CID } from 'multiformats/cid'

import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { openDigestSet } from '../../sync/publish/digest-set-file.ts'
import type { Home } from '../home/home.ts'
import { headSetPath } from './published-files.ts'

/** The commits that a home has published of one repository, by its id: peers may ask for what they reach. */
export function listPublishedHeads(home: Home, repositoryId: string): CID[] {
  const heads = home.repositories.list().find(({ id }) => id === repositoryId)?.heads ?? []
  return heads.flatMap(({ name }) => {
    try {
      const set = openDigestSet(headSetPath(home.layout, name))
      set.close()
      return [CID.decode(set.head)]
    } catch (error) {
      // What cannot be read is not served either.
      if (error instanceof IntegrityError || error instanceof NotFoundError) return []
      throw error
    }
  })
}
