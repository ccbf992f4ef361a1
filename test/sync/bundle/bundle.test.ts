import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CarReader } from '@ipld/car'
import { describe, expect, it, onTestFinished } from 'vitest'

import { decodeBundleRoot, encodeBundleRoot } from '../../../src/model/bundle/bundle-root.ts'
import { IntegrityError, JzfsError } from '../../../src/model/errors.ts'
import { createReachedCommits } from '../../../src/repo/history/reached-commits.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openBundle } from '../../../src/sync/bundle/bundle-file.ts'
import { openBundleRemote } from '../../../src/sync/bundle/bundle-remote.ts'
import { selectBundle } from '../../../src/sync/bundle/select-bundle.ts'
import { verifyBundle } from '../../../src/sync/bundle/verify-bundle.ts'
import { writeBundle } from '../../../src/sync/bundle/write-bundle.ts'
import { carStart } from '../../../src/sync/protocol/car-stream.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'
import type { Remote } from '../../../src/sync/remote/remote.ts'
import { createRandom } from '../../support/random.ts'
import { fetchFrom, refsOf, setRefs, storeCommit, storeTagOf } from '../../support/remote-history.ts'
import { temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

async function history() {
  const there = await temporaryRepository({ bare: true })
  const first = await storeCommit(there, { text: 'one' })
  const second = await storeCommit(there, { text: 'two', parents: [first], at: 1 })
  const tag = await storeTagOf(there, second, 'v1')
  await setRefs(there, { 'refs/heads/main': second, 'refs/heads/old': first, 'refs/tags/v1': tag })
  return { there, first, second }
}

async function bundleOf(repository: Repository, revisions: string[], prefixes: string[] = []): Promise<Buffer> {
  const root = await selectBundle(repository, { revisions, prefixes })
  return Buffer.concat(await Array.fromAsync(writeBundle(repository.store, root)))
}

async function remoteOf(bytes: Uint8Array, repository?: Repository): Promise<Remote> {
  const path = join(temporaryFolder(), 'x.car')
  writeFileSync(path, bytes)
  const remote = await openBundleRemote(path, repository === undefined ? {} : await localOf(repository))
  onTestFinished(() => remote.close())
  return remote
}

async function localOf({ refs, store }: Repository) {
  const tips = (await refs.list()).map(({ cid }) => cid)
  const reached = createReachedCommits(store, tips)
  return { local: store, isHere: (commit: (typeof tips)[number]) => reached.has(commit) }
}

const ALL = ['refs/heads/', 'refs/tags/']

describe('a bundle', () => {
  it('of everything makes another repository the same, and the same again', async () => {
    const { there, second } = await history()
    const here = await temporaryRepository({ bare: true })
    const bytes = await bundleOf(there, [], ALL)
    expect(bytes.equals(await bundleOf(there, [], ALL))).toBe(true)
    const mirror = { configured: ['+refs/*:refs/*'] }
    await fetchFrom(here, await remoteOf(bytes), mirror)
    expect(await refsOf(here)).toEqual(await refsOf(there))
    expect(await reachedBy(here.store, [second])).toEqual(await reachedBy(there.store, [second]))
    expect((await bundleOf(here, [], ALL)).equals(bytes)).toBe(true)
  })

  it('is a CAR that others read, with the root first', async () => {
    const { there, second } = await history()
    const reader = await CarReader.fromBytes(await bundleOf(there, ['main']))
    const [root] = await reader.getRoots()
    const block = await reader.get(root!)
    expect(decodeBundleRoot(root as never, block!.bytes)).toMatchObject({ head: 'refs/heads/main', prerequisites: [] })
    const cids = (await Array.fromAsync(reader.cids())).map(String)
    expect(new Set(cids)).toEqual(new Set([String(root), ...(await reachedBy(there.store, [second]))]))
  })

  it('that is thin is taken where the rest is, and names what is missing elsewhere', async () => {
    const { there, first, second } = await history()
    const here = await temporaryRepository({ bare: true })
    const thin = await bundleOf(there, ['old..main'])
    const whole = await bundleOf(there, ['main'])
    expect(thin.length).toBeLessThan(whole.length)
    await expect(fetchFrom(here, await remoteOf(thin, here))).rejects.toMatchObject({
      code: 'bundle-prerequisites-missing',
      details: { missing: [first.toString()] },
    })
    expect(await refsOf(here)).toEqual({})
    await fetchFrom(here, await remoteOf(await bundleOf(there, ['old'])))
    await fetchFrom(here, await remoteOf(thin, here))
    expect(await here.refs.read('refs/remotes/origin/main')).toEqual(second)
    expect(await reachedBy(here.store, [second])).toEqual(await reachedBy(there.store, [second]))
  })

  it('of nothing, or of what is no ref, is refused', async () => {
    const { there } = await history()
    await expect(bundleOf(there, ['main..main'])).rejects.toMatchObject({ code: 'bundle-empty' })
    await expect(bundleOf(there, ['main~1'])).rejects.toMatchObject({ code: 'bundle-ref-needed' })
  })
})

describe('a bundle that somebody spoiled', () => {
  /** Fetching it throws what is wrong, and moves nothing. */
  async function refusal(bytes: Uint8Array): Promise<string> {
    const here = await temporaryRepository({ bare: true })
    try {
      await fetchFrom(here, await remoteOf(bytes))
    } catch (error) {
      expect(error).toBeInstanceOf(JzfsError)
      expect(await refsOf(here)).toEqual({})
      return (error as JzfsError).code
    }
    return 'taken'
  }

  it('anywhere, by one bit, is refused', async () => {
    const { there } = await history()
    const bytes = await bundleOf(there, ['main'])
    const path = join(temporaryFolder(), 'x.car')
    const random = createRandom(7)
    for (let at = 0; at < bytes.length; at += 1 + Math.floor(random() * 24)) {
      const spoiled = Buffer.from(bytes)
      spoiled[at]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(path, spoiled)
      await expect(verified(path), `byte ${at} of seed 7`).rejects.toBeInstanceOf(IntegrityError)
    }
  })

  it('by cutting it off anywhere is refused', async () => {
    const { there } = await history()
    const bytes = await bundleOf(there, ['main'])
    const path = join(temporaryFolder(), 'x.car')
    for (let length = 0; length < bytes.length; length += 17) {
      writeFileSync(path, bytes.subarray(0, length))
      await expect(verified(path), `${length} bytes`).rejects.toBeInstanceOf(IntegrityError)
    }
  })

  it('by another order, a block too many, one too few, or twice, is refused', async () => {
    const { there } = await history()
    const bytes = await bundleOf(there, ['main'])
    const { start, sections } = takeApart(bytes)
    const last = sections.at(-1)!
    expect(await refusal(Buffer.concat([start, ...sections]))).toBe('taken')
    expect(await refusal(Buffer.concat([start, sections[0]!, ...sections.slice(1).toReversed()]))).toBe(
      'bundle-corrupt',
    )
    expect(await refusal(Buffer.concat([start, ...sections, last]))).toBe('bundle-corrupt')
    expect(await refusal(Buffer.concat([start, ...sections.slice(0, -1)]))).toBe('bundle-corrupt')
    expect(await refusal(Buffer.concat([start, ...sections.slice(0, 2), ...sections.slice(1)]))).toBe('bundle-corrupt')
    expect(await refusal(Buffer.concat([start, ...sections.slice(1)]))).toBe('not-a-bundle')
  })

  it('by a root that says another thing is refused', async () => {
    const { there, first } = await history()
    const { sections } = takeApart(await bundleOf(there, ['main']))
    const lying = encodeBundleRoot({ heads: [{ ref: 'refs/heads/main', cid: first }], prerequisites: [] })
    const root = withLength(Buffer.concat([lying.cid.bytes, lying.bytes]))
    expect(await refusal(Buffer.concat([carStart([lying.cid]), root, ...sections.slice(1)]))).toBe('bundle-corrupt')
    expect(await refusal(readFileSync(import.meta.filename))).toBe('not-a-bundle')
  })
})

async function verified(path: string): Promise<void> {
  const bundle = await openBundle(path)
  try {
    const nothing = { get: () => Promise.reject(new Error('nothing is here')) }
    await verifyBundle(bundle, { local: nothing, isHere: async () => false })
  } finally {
    await bundle.close()
  }
}

/** The CAR's header, and its sections with their lengths. */
function takeApart(bytes: Buffer): { start: Buffer; sections: Buffer[] } {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    let length = 0
    let end = at
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[end++]!
      length += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    pieces.push(bytes.subarray(at, end + length))
    at = end + length
  }
  return { start: pieces[0]!, sections: pieces.slice(1) }
}
