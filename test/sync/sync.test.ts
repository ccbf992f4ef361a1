import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { decodeCommit } from '../../src/model/commit/commit.ts'
import { buildDirectory } from '../../src/model/directory/directory.ts'
import { fileOfBytes } from '../support/build-file.ts'
import { honestAnswer, scriptedPeer } from '../support/hostile-peer.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../support/memory-tree.ts'
import { seededBytes } from '../support/seeded.ts'
import {
  commitOf,
  commitTree,
  digestsIn,
  digestText,
  reachedBy,
  receiveInto,
  temporaryStore,
  transfer,
} from '../support/transfer.ts'

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'same'),
  fc.constantFrom({ executable: 'a' }, { executable: 'run' }, { link: 'a' }, { folder: true } as const),
)
const tree = fc.dictionary(
  fc.constantFrom('a', 'b', 'c d', '.x', 'ü', 'dir/a', 'dir/b', 'dir/deep/a', 'dir/deep/b', 'other/deep/a'),
  leaf,
  { maxKeys: 8 },
)
/** Commits in order; parents by how many commits they are back. */
const history = fc.array(fc.record({ tree, parents: fc.uniqueArray(fc.nat(3), { maxLength: 3 }) }), {
  minLength: 1,
  maxLength: 6,
})

function build(blocks: MemoryBlocks, commits: { tree: Record<string, Leaf>; parents: number[] }[]): CID[] {
  const made: CID[] = []
  for (const [at, commit] of commits.entries()) {
    const parents = commit.parents.flatMap((back) => made[at - 1 - back] ?? [])
    made.push(commitOf(blocks, buildTree(blocks, commit.tree), parents, `commit ${at}`))
  }
  return made
}

/** Every commit that a commit reaches, with its tree. */
async function historyOf(blocks: MemoryBlocks, tip: CID): Promise<Map<string, CID>> {
  const trees = new Map<string, CID>()
  const waiting = [tip]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    const { tree: root, parents } = decodeCommit(cid, await blocks.get(cid))
    trees.set(cid.toString(), root)
    waiting.push(...parents)
  }
  return trees
}

/** The commits that `want` reaches and `have` does not, and what their trees have that the tree of `have` has not. */
async function difference(blocks: MemoryBlocks, want: CID, have: CID): Promise<Set<string>> {
  const [wanted, held] = [await historyOf(blocks, want), await historyOf(blocks, have)]
  const news = [...wanted].filter(([commit]) => !held.has(commit))
  const trees = await reachedBy(
    blocks,
    news.map(([, root]) => root),
  )
  const before = await reachedBy(blocks, [held.get(have.toString())!])
  return new Set(news.map(([commit]) => commit)).union(trees.difference(before))
}

describe('a transfer', () => {
  it('brings what the wants reach, but for what the haves leave out, for any history', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), fc.nat(), async (commits, wanted, held) => {
        const blocks = new MemoryBlocks()
        const made = build(blocks, commits)
        const want = made[wanted % made.length]!
        const have = made[held % made.length]!
        const store = await temporaryStore()
        await transfer(blocks, store, [have])
        const expected = await difference(blocks, want, have)

        const { received, served } = await transfer(blocks, store, [want], { receive: { haves: [have] } })

        // What only older versions had is not left out: it may be here, and is not sent again at the start of the order.
        expect(received.blocks + received.resumed).toBe(expected.size)
        expect(served.blocks).toBe(received.blocks)
        expect(await reachedBy(store, [want])).toEqual(await reachedBy(blocks, [want]))
      }),
      { numRuns: 40 },
    )
  })

  it('brings nothing else, and is the same bytes each time', async () => {
    const blocks = new MemoryBlocks()
    const [first, second] = build(blocks, [
      { tree: { a: 'a', 'dir/b': 'b' }, parents: [] },
      { tree: { a: 'a', 'dir/c': 'c' }, parents: [0] },
    ]) as [CID, CID]
    commitTree(blocks, { secret: 'secret' })
    const store = await temporaryStore()
    await transfer(blocks, store, [first])
    await transfer(blocks, store, [second], { receive: { haves: [first] } })
    const again = await temporaryStore()
    const { served } = await transfer(blocks, again, [second])
    expect((await digestsIn(store)).length).toBe((await reachedBy(blocks, [second])).size)
    expect(await digestsIn(again)).toEqual(await digestsIn(store))
    expect((await transfer(blocks, await temporaryStore(), [second])).served.bytes).toBe(served.bytes)
  })

  it('takes several wants, and trees and files where any are wanted', async () => {
    const blocks = new MemoryBlocks()
    const root = buildTree(blocks, { a: 'a', 'b/c': 'c' })
    const file = fileOfBytes(Buffer.from('alone'), { executable: false, onLeaf: (block) => blocks.put(block) })
    const commit = commitOf(blocks, root)
    const store = await temporaryStore()
    await transfer(blocks, store, [file.cid, root, commit], { receive: { wanted: 'any' } })
    expect(await reachedBy(store, [file.cid, root, commit])).toEqual(await reachedBy(blocks, [file.cid, root, commit]))
  })

  it('brings sharded directories, large files, and a file that is the bytes of a directory in use', async () => {
    const blocks = new MemoryBlocks()
    const twin = buildDirectory([])
    blocks.putAll(twin.blocks)
    const large = fileOfBytes(seededBytes('large', 3_500_000), {
      executable: true,
      onLeaf: (block) => blocks.put(block),
    })
    blocks.putAll(large.blocks)
    const twinFile = fileOfBytes(twin.blocks[0]!.bytes, { executable: false, onLeaf: (block) => blocks.put(block) })
    const entries = Array.from({ length: 6000 }, (_, at) => ({
      ...fileOfBytes(Buffer.from(`${at % 100}`), { executable: false, onLeaf: (block) => blocks.put(block) }),
      name: `a name that is long enough to need shards ${at}`,
    }))
    const directory = buildDirectory([
      ...entries,
      { ...large, name: 'large' },
      { ...twin, name: 'empty' },
      { ...twinFile, name: 'file with the bytes of an empty directory' },
    ])
    blocks.putAll(directory.blocks)
    expect(directory.blocks.length).toBeGreaterThan(100)
    const commit = commitOf(blocks, directory.cid)
    const store = await temporaryStore()
    await transfer(blocks, store, [commit])
    expect(await reachedBy(store, [commit])).toEqual(await reachedBy(blocks, [commit]))
  })

  it('asks for nothing that is all here', async () => {
    const blocks = new MemoryBlocks()
    const commit = commitTree(blocks, { a: 'a' })
    const store = await temporaryStore()
    await transfer(blocks, store, [commit])
    const { received, served } = await transfer(blocks, store, [commit])
    expect(received).toEqual({ blocks: 0, bytes: 0, resumed: 3 })
    expect(served.wants).toEqual([])
    expect((await digestsIn(store)).length).toBe(3)
  })

  it('tells its progress, to the end', async () => {
    const blocks = new MemoryBlocks()
    const leaves = Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`${at}`, `content ${at}`]))
    const told: number[] = []
    const onProgress = (progress: { blocks: number }): unknown => told.push(progress.blocks)
    await transfer(blocks, await temporaryStore(), [commitTree(blocks, leaves)], { receive: { onProgress } })
    expect(told).toEqual([0, 256, 512, 702])
  })
})

describe('an interrupted transfer', () => {
  const blocks = new MemoryBlocks()
  const first = commitTree(blocks, { a: 'a', 'dir/b': 'b', 'dir/deep/c': { executable: 'c' } })
  const second = commitTree(blocks, { a: 'a2', 'dir/b': 'b', 'dir/deep/c': 'c', link: { link: 'a' } }, [first])

  it('goes on where it stopped, at every block', async () => {
    const whole = await temporaryStore()
    const { received } = await transfer(blocks, whole, [second])
    const { start, sections } = await honestAnswer(blocks, [second])
    for (let stop = 0; stop < sections.length; stop++) {
      const store = await temporaryStore()
      const cut = scriptedPeer(Buffer.concat([start, ...sections.slice(0, stop)]))
      const stopped = receiveInto(store, cut, [second], { keepPartial: true })
      await expect(stopped).rejects.toMatchObject({ code: 'peer-closed-early', details: { peer: 'peer X' } })
      const rest = await transfer(blocks, store, [second])
      expect(rest.received).toMatchObject({ resumed: stop, blocks: received.blocks - stop })
      expect(rest.served.blocks).toBe(received.blocks - stop)
      expect(await digestsIn(store)).toEqual(await digestsIn(whole))
    }
  })

  it('leaves nothing where nothing is to be kept', async () => {
    const store = await temporaryStore()
    await expect(transfer(cutAfter(blocks, 4), store, [second])).rejects.toMatchObject({ code: 'peer-closed-early' })
    expect(await digestsIn(store)).toEqual([])
  })

  it('starts anew where the other side does not know what is here', async () => {
    const store = await temporaryStore()
    const mine = commitTree(blocks, { mine: 'mine' })
    await transfer(blocks, store, [mine])
    const { start, sections } = await honestAnswer(blocks, [second])
    const cut = scriptedPeer(Buffer.concat([start, ...sections.slice(0, 5)]))
    await receiveInto(store, cut, [second], { keepPartial: true }).catch(() => undefined)
    const receive = { haves: [mine] }
    const serve = { mayServe: (cid: CID) => !cid.equals(mine) }
    const { received } = await transfer(blocks, store, [second], { receive, serve })
    expect(received.resumed).toBe(0)
    expect(await reachedBy(store, [second])).toEqual(await reachedBy(blocks, [second]))
  })
})

describe('what may not be served', () => {
  it('is refused in the same words as what is not there', async () => {
    const blocks = new MemoryBlocks()
    const secret = commitTree(blocks, { secret: 'secret' })
    const elsewhere = commitTree(new MemoryBlocks(), { elsewhere: 'elsewhere' })
    const messages: string[] = []
    for (const want of [secret, elsewhere]) {
      const store = await temporaryStore()
      const refused = transfer(blocks, store, [want], { serve: { mayServe: () => false } })
      await refused.catch((error: Error) => messages.push(error.message.replace(want.toString(), 'CID')))
      await expect(refused).rejects.toMatchObject({ code: 'not-served', family: 'not-found' })
      expect(await digestsIn(store)).toEqual([])
    }
    expect(messages[0]).toBe(messages[1])
  })

  it('is not admitted to by way of haves either', async () => {
    const blocks = new MemoryBlocks()
    const secret = commitTree(blocks, { same: 'same' })
    const open = commitTree(blocks, { same: 'same', more: 'more' })
    const store = await temporaryStore()
    await transfer(blocks, store, [secret])
    const serve = { mayServe: (cid: CID) => cid.equals(open) }
    const { received } = await transfer(blocks, store, [open], { serve, receive: { haves: [secret] } })
    expect(received.blocks).toBe((await reachedBy(blocks, [open])).size)
    expect((await digestsIn(store)).filter((digest) => digest === digestText(open))).toHaveLength(1)
  })
})

/** Fails at the block read after so many. */
function cutAfter(blocks: MemoryBlocks, count: number): { get(cid: CID): Promise<Uint8Array> } {
  let left = count
  return {
    get: (cid) => (left-- > 0 ? blocks.get(cid) : Promise.reject(new Error('the disk of the peer is gone'))),
  }
}
