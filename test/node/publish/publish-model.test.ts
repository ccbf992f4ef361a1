import { join } from 'node:path'

import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'

import { decodeManifest } from '../../../src/model/manifest/manifest.ts'
import { openHome } from '../../../src/node/home/home.ts'
import type { Audience } from '../../../src/node/home/repository-registry.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { type Asker, isVisible } from '../../../src/node/offer/visibility.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { renamePublished } from '../../../src/node/publish/rename-published.ts'
import { unpublishRefs } from '../../../src/node/publish/unpublish.ts'
import { renameBranch } from '../../../src/repo/refs/branch.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

const command = 'jzfs publish'
const now = new Date('2026-03-01T00:00:00Z')
const BRANCHES = ['refs/heads/a', 'refs/heads/b', 'refs/heads/c']
const ASKERS: Asker[] = ['everybody', { peerId: 'p' }, { peerId: 'q' }, 'self']

const branch = fc.constantFrom(...BRANCHES)
const audience = fc.constantFrom<Audience>('public', { peers: ['p'] }, { peers: ['q', 'p'] }, { peers: ['p', 'q'] })
const step = fc.oneof(
  fc.record({
    kind: fc.constant('commit' as const),
    branch,
    file: fc.constantFrom('x', 'y', 'z'),
    text: fc.constantFrom('1', '2', '3'),
  }),
  fc.record({ kind: fc.constant('publish' as const), branch, audience }),
  fc.record({ kind: fc.constant('unpublish' as const), branch }),
  fc.record({ kind: fc.constant('rename' as const), branch, to: branch }),
)

it('whatever is published, renamed and taken back: each asker may have just what is published to him', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const home = openHome(join(temporaryFolder(), 'home'))
      const repository = await temporaryDataset({ first: 'first' })
      const { refs, store } = repository
      const served = createServedBlocks(home)
      const published = new Map<string, { cid: CID; audience: Audience }>()
      const made = [(await refs.read('refs/heads/main'))!]

      for (const each of steps) {
        const cid = await refs.read(each.branch)
        if (each.kind === 'commit') {
          made.push(await commitTo(repository, { [each.file]: each.text }, each.branch))
        } else if (each.kind === 'publish' && cid !== undefined) {
          const request = { repository, refs: [each.branch], audience: each.audience, command, now }
          await publishRefs(home, request)
          published.set(each.branch, { cid, audience: each.audience })
        } else if (each.kind === 'unpublish' && published.delete(each.branch)) {
          await unpublishRefs(home, { repositoryId: repository.id, refs: [each.branch] }, { command, now })
        } else if (each.kind === 'rename' && cid !== undefined && each.to !== each.branch) {
          const names = { before: each.branch.slice(11), after: each.to.slice(11), force: true }
          await renameBranch(repository, names, { command, person: ANN })
          await renamePublished(home, { repository, before: each.branch, after: each.to }, { command, now })
          const moved = published.get(each.branch)
          if (moved !== undefined) published.set(each.to, moved)
          published.delete(each.branch)
        }
        await expectOffered()
      }
      await served.close()

      async function expectOffered(): Promise<void> {
        const everything = [...(await reachedBy(store, made))]
        for (const asker of ASKERS) {
          const visible = [...published].filter(([, { audience: to }]) => isVisible(to, asker))
          const expected = await reachedBy(
            store,
            visible.map(([, { cid }]) => cid),
          )
          const offer = createHomeOffer(home, asker, { served, now: () => now })
          const had = await Promise.all(
            everything.map(async (text) => ((await offer.mayServe(CID.parse(text))) ? [text] : [])),
          )
          expect(new Set(had.flat())).toEqual(expected)
          const opened = await offer.openRepository(undefined).catch(() => undefined)
          const listed = await opened?.refs()
          const manifest = listed && decodeManifest(listed.manifest.block.cid, listed.manifest.block.bytes)
          const branches = manifest?.branches.map(({ name }) => `refs/heads/${name}`) ?? []
          const beside = listed?.heads.map(({ ref }) => ref) ?? []
          expect([...branches, ...beside].toSorted()).toEqual(visible.map(([ref]) => ref).toSorted())
        }
      }
    }),
    { numRuns: 8 },
  )
})
