import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { CID as Cids } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { sha256 } from '../../../src/model/cid.ts'
import { encodeDigestSet, openDigestSet } from '../../../src/sync/publish/digest-set-file.ts'
import { publishHeads, unpublishHeads } from '../../../src/sync/publish/published-set.ts'
import { reachable } from '../../../src/sync/walk/reachable.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { commitTree, digestText, reachedBy } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'a', 'dir/b': 'b' })
const second = commitTree(blocks, { a: 'a2', 'dir/b': 'b', 'dir/c': { executable: 'c' } }, [first])
const amended = commitTree(blocks, { a: 'a', 'dir/b': 'amended' })
const secret = commitTree(blocks, { secret: 'secret' })

/** Which of all blocks here a set file has. */
async function held(path: string): Promise<Set<string>> {
  const set = openDigestSet(path)
  const all = await reachedBy(blocks, [first, second, amended, secret])
  const found = [...all].filter((text) => set.has(Cids.parse(text).multihash.digest))
  set.close()
  return new Set(found)
}

describe('the blocks that a head reaches', () => {
  it('are found, each once, less what is known', async () => {
    const cids = (await Array.fromAsync(reachable(blocks, [second]))).map((cid) => cid.toString())
    expect(cids.length).toBe(new Set(cids).size)
    expect(new Set(cids)).toEqual(await reachedBy(blocks, [second]))
    const rest = await Array.fromAsync(reachable(blocks, [second], { haves: [first] }))
    const expected = (await reachedBy(blocks, [second])).difference(await reachedBy(blocks, [first]))
    expect(new Set(rest.map((cid) => cid.toString()))).toEqual(expected)
  })
})

describe('published heads', () => {
  const file = (): string => join(temporaryFolder(), 'published', 'main')

  it('have exactly what they reach', async () => {
    const path = file()
    const { blocks: count, added } = await publishHeads(path, blocks, [second])
    const expected = await reachedBy(blocks, [second])
    expect(await held(path)).toEqual(expected)
    expect([count, added]).toEqual([expected.size, expected.size])
    expect(statSync(path).size).toBe(64 + 48 + 32 * expected.size)
  })

  it('are extended by what is new, and are then the same file as one made at once', async () => {
    const [path, whole] = [file(), file()]
    await publishHeads(path, blocks, [first])
    const reads = blocks.reads
    const { added } = await publishHeads(path, blocks, [second])
    // Two directories, an executable and the commit are new; the first commit is met and not read.
    expect(blocks.reads - reads).toBe(4)
    await publishHeads(whole, blocks, [second])
    expect(added).toBe((await reachedBy(blocks, [second])).difference(await reachedBy(blocks, [first])).size)
    expect(readFileSync(path)).toEqual(readFileSync(whole))
    expect(await publishHeads(path, blocks, [second])).toMatchObject({ added: 0 })
  })

  it('no longer have what was rewritten', async () => {
    const path = file()
    await publishHeads(path, blocks, [second])
    await publishHeads(path, blocks, [amended])
    expect(await held(path)).toEqual(await reachedBy(blocks, [amended]))
  })

  it('share one file, whichever comes first', async () => {
    const [path, whole] = [file(), file()]
    await publishHeads(path, blocks, [first])
    const { added } = await publishHeads(path, blocks, [secret, first])
    expect(added).toBe((await reachedBy(blocks, [secret])).difference(await reachedBy(blocks, [first])).size)
    await publishHeads(whole, blocks, [first, secret, first])
    expect(readFileSync(path)).toEqual(readFileSync(whole))
  })

  it('lose what only a head reached that went away', async () => {
    const path = file()
    await publishHeads(path, blocks, [second, amended, secret])
    expect(await held(path)).toEqual(await reachedBy(blocks, [second, amended, secret]))
    await publishHeads(path, blocks, [second, amended])
    expect(await held(path)).toEqual(await reachedBy(blocks, [second, amended]))
    await publishHeads(path, blocks, [])
    expect(await held(path)).toEqual(new Set())
  })

  it('are not walked again where one of them catches up with another', async () => {
    const path = file()
    const third = commitTree(blocks, { a: 'a3' }, [second])
    await publishHeads(path, blocks, [first, third])
    const reads = blocks.reads
    expect(await publishHeads(path, blocks, [third, third])).toMatchObject({ added: 0 })
    // Only commits were read.
    expect(blocks.reads - reads).toBeLessThan(5)
    expect(await publishHeads(path, blocks, [second])).toMatchObject({
      added: (await reachedBy(blocks, [second])).size,
    })
    expect(await held(path)).toEqual(await reachedBy(blocks, [second]))
  })

  it('keep what was rewritten as long as that is asked for', async () => {
    const path = file()
    await publishHeads(path, blocks, [second])
    expect(await publishHeads(path, blocks, [amended], { keepsOthers: true })).toMatchObject({ hasOthers: true })
    expect(await held(path)).toEqual(await reachedBy(blocks, [second, amended]))
    expect(await publishHeads(path, blocks, [amended])).toMatchObject({ hasOthers: false })
    expect(await held(path)).toEqual(await reachedBy(blocks, [amended]))
    await publishHeads(path, blocks, [first])
    expect(await publishHeads(path, blocks, [second], { keepsOthers: true })).toMatchObject({ hasOthers: false })
  })

  it('are made anew where the file is corrupt', async () => {
    const path = file()
    await publishHeads(path, blocks, [first])
    const bytes = readFileSync(path)
    bytes[140]! ^= 1
    writeFileSync(path, bytes)
    await publishHeads(path, blocks, [second])
    expect(await held(path)).toEqual(await reachedBy(blocks, [second]))
    writeFileSync(path, 'nothing')
    expect(() => openDigestSet(path)).toThrowError(expect.objectContaining({ code: 'set-corrupt' }))
  })

  it('are not published where a node is missing', async () => {
    const path = file()
    const missing = commitTree(new MemoryBlocks(), { x: 'x' })
    await expect(publishHeads(path, blocks, [missing])).rejects.toMatchObject({ code: 'block-missing' })
    expect(existsSync(path)).toBe(false)
  })

  it('are gone when they are unpublished', async () => {
    const path = file()
    await publishHeads(path, blocks, [first])
    await unpublishHeads(path)
    await unpublishHeads(path)
    expect(existsSync(path)).toBe(false)
    await expect(unpublishHeads(file())).resolves.toBeUndefined()
  })
})

describe('a set file', () => {
  it.each([0, 1, 31, 32, 33, 5000])('of %i digests finds each of them and nothing else', (count) => {
    const path = join(temporaryFolder(), 'set')
    const digests = Array.from({ length: count }, (_, at) => sha256(Buffer.from(`${at}`)))
    // A few that crowd at one end, where the guess by the first bytes goes wrong.
    for (let at = 0; at < Math.min(count, 100); at++) digests[at]!.fill(0, 0, 6)
    digests.sort((a, b) => Buffer.compare(a, b))
    const leaves = Buffer.concat(digests.filter((_, at) => at % 2 === 0))
    const nodes = Buffer.concat(digests.filter((_, at) => at % 2 === 1))
    writeFileSync(path, encodeDigestSet({ heads: [first.bytes], leaves, nodes }))
    const set = openDigestSet(path)
    expect(set.count).toBe(count)
    expect(digests.map((digest) => set.has(digest))).toEqual(digests.map(() => true))
    expect(digests.map((digest) => set.hasLeaf(digest))).toEqual(digests.map((_, at) => at % 2 === 0))
    const others: CID[] = [first, second]
    expect(others.map((cid) => [digestText(cid), set.has(cid.multihash.digest)])).toEqual(
      others.map((cid) => [digestText(cid), false]),
    )
    set.close()
  })
})
