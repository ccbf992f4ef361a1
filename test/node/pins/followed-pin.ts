import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import { type Home, openHome } from '../../../src/node/home/home.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { keepPin } from '../../../src/node/pins/update-pin.ts'
import { publishBranch } from '../../../src/node/publish/publish.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import type { Pin } from '../../../src/sync/clone/pin.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'

export const NOW = new Date()

export const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))

/** A repository that is published, and goes on. */
export interface Publisher {
  home: Home
  repository: Repository
  peer: Peer
  /** The IPNS name of the repository. */
  name: string
  /** Commits one more file to a branch, and publishes that. */
  goOn(branch?: string): Promise<void>
}

/** Makes a repository and publishes it from a home of its own. */
export async function temporaryPublisher(
  leaves: Record<string, string> = { a: 'a', 'dir/b': 'b' },
): Promise<Publisher> {
  const home = temporaryHome()
  const repository = await temporaryDataset(leaves)
  const files = { ...leaves }
  const publish = (branch: string) =>
    publishBranch(home, { repository, ref: `refs/heads/${branch}`, command: 'jzfs publish', now: NOW })
  await publish('main')
  const peer = createHomePeer(home)
  onTestFinished(() => peer.close())
  let count = 0
  return {
    home,
    repository,
    peer,
    name: home.repositories.list()[0]!.manifest!.name,
    async goOn(branch = 'main') {
      files[`new${count}`] = `new ${count++} ${branch}`
      await commitTo(repository, files, `refs/heads/${branch}`)
      await publish(branch)
    },
  }
}

/** Pins a name in a home, and follows it. */
export function follow(home: Home, { name, peer }: Pick<Publisher, 'name' | 'peer'>, title?: string): Promise<Pin> {
  const source = { name }
  return keepPin(home, { source, name: title, follows: true, peers: [peer], command: 'test', person: ANN, now: NOW })
}
