import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { expect, it, onTestFinished } from 'vitest'

import { openNetwork } from '../../src/http/open-network.ts'
import { runDaemon } from '../../src/http/run-daemon.ts'
import { type Home, openHome } from '../../src/node/home/home.ts'
import { SELF_KEY } from '../../src/node/home/key-store.ts'
import { publishRefs } from '../../src/node/publish/publish.ts'
import { createCommitGraph } from '../../src/repo/history/commit-graph.ts'
import { negotiateHaves } from '../../src/sync/negotiate/negotiate-haves.ts'
import { listRefs } from '../../src/sync/protocol/ask-peer.ts'
import { pushTo } from '../../src/sync/push/push-to.ts'
import { commitTo, temporaryDataset } from '../support/dataset.ts'
import { temporaryFolder } from '../support/repository.ts'
import { reachedBy } from '../support/transfer.ts'

const command = 'jzfs'

async function startHome(): Promise<{ home: Home; address: string; peerId: string }> {
  const home = openHome(join(temporaryFolder(), 'home'))
  const daemon = await runDaemon({ home, version: '0', command, now: () => new Date() })
  onTestFinished(() => daemon.stop())
  return { home, address: daemon.state.addresses[0]!, peerId: daemon.node.peerId }
}

it('a push goes over libp2p, through the daemon of the pusher or without one, and sends the difference', async () => {
  const [receiver, pusher] = [await startHome(), await startHome()]
  const alone = openHome(join(temporaryFolder(), 'home'))
  using lock = await alone.lock({ command })
  const { peerId } = await alone.keys.readOrCreate(SELF_KEY)
  lock.release()
  const theirs = await temporaryDataset({ a: 'one' })
  await publishRefs(receiver.home, {
    repository: theirs,
    refs: ['refs/heads/main'],
    writers: () => [pusher.peerId, peerId],
    publishesPushed: 'public',
    command,
    now: new Date(),
  })
  const ours = await temporaryDataset({ a: 'one', b: 'large '.repeat(400_000) })
  const first = (await ours.refs.read('refs/heads/main'))!
  const second = await commitTo(ours, { a: 'one', b: 'small' })

  const push = async (home: Home, name: string, after: CID): Promise<{ blocks: number }> => {
    const network = await openNetwork(home, { addresses: [receiver.address] })
    try {
      const [peer] = network.peers
      const { manifest } = await listRefs(peer!, {})
      expect(manifest).toBeDefined()
      const listed = (await theirs.refs.list('refs/heads')).map(({ cid }) => cid)
      const haves = await negotiateHaves(createCommitGraph(ours.store), { tips: [after], listed, peer: peer! })
      return await pushTo(peer!, { updates: [{ name, before: undefined, after }], haves, source: ours.store })
    } finally {
      await network.close()
    }
  }
  const all = (await reachedBy(ours.store, [first])).size
  expect(await push(pusher.home, 'refs/heads/first', first)).toMatchObject({ blocks: all, resumed: 0 })
  // The commit, its directory and the file that changed: the rest is there.
  expect(await push(alone, 'refs/heads/second', second)).toMatchObject({ blocks: 3 })
  expect((await reachedBy(theirs.store, [second])).size).toBe(all + 3)
})
