import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, it, onTestFinished } from 'vitest'

import type { JzfsError } from '../../../src/model/errors.ts'
import { openHome } from '../../../src/node/home/home.ts'
import type { RegisteredRepository } from '../../../src/node/home/repository-registry.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { keepPublishing } from '../../../src/node/publish/publish-followed.ts'
import { publishRefs, type PublishRequest, type RepositoryPublication } from '../../../src/node/publish/publish.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { temporaryFolder } from '../../support/repository.ts'

const command = 'jzfs daemon'
const MAIN = 'refs/heads/main'
const INTERVAL_MS = 10

/** Publications and problems as they come. */
class Heard extends EventTarget {
  readonly published: RepositoryPublication[] = []
  readonly problems: JzfsError[] = []
  next(): Promise<unknown> {
    return once(this, 'heard')
  }
  hear<T>(list: T[], what: T): void {
    list.push(what)
    this.dispatchEvent(new Event('heard'))
  }
}

async function following() {
  const repository = await temporaryDataset({ a: 'a' })
  const home = openHome(join(temporaryFolder(), 'home'))
  const publish = (more: Partial<PublishRequest>) =>
    publishRefs(home, { repository, refs: [MAIN], command, now: new Date(), ...more })
  const served = createServedBlocks(home)
  const heard = new Heard()
  const stop = keepPublishing({
    home,
    served,
    command,
    intervalMs: INTERVAL_MS,
    now: () => new Date(),
    onPublished: (publication) => heard.hear(heard.published, publication),
    onProblem: (error) => heard.hear(heard.problems, error),
  })
  onTestFinished(async () => {
    await stop()
    await served.close()
  })
  return { repository, home, publish, served, heard, stop }
}

describe('a branch that follows', () => {
  it('is published again when it moves, to its audience, and others are not', async () => {
    const { repository, publish, served, heard, home } = await following()
    await publish({ follows: true, audience: { peers: ['friend'] } })
    await commitTo(repository, { b: 'b' }, 'refs/heads/other')
    await publish({ refs: ['refs/heads/other'] })
    const moved = heard.next()
    const other = await commitTo(repository, { b: 'c' }, 'refs/heads/other')
    const next = await commitTo(repository, { a: 'b' })
    await moved
    expect(heard.published).toMatchObject([{ refs: [{ ref: MAIN, changed: true, follows: true }] }])
    expect(served.view({ peerId: 'friend' }).mayServe(next)).toBe(true)
    expect(served.view('everybody').mayServe(next)).toBe(false)
    expect(served.view('self').mayServe(other)).toBe(false)
    // Published by hand it goes on to follow, until that is ended.
    await publish({})
    expect(home.repositories.list()[0]?.heads.find(({ ref }) => ref === MAIN)?.follows).toBe(true)
    await publish({ follows: false })
    await commitTo(repository, { a: 'c' })
    await sleep(INTERVAL_MS * 5)
    expect(heard.published).toHaveLength(1)
  })

  it('is there again after an upgrade, as all that was published', async () => {
    const { publish, heard, home, served, repository } = await following()
    const { refs, manifest } = await publish({})
    await commitTo(repository, { a: 'not published' })
    const [{ manifest: _key, ...before }] = home.repositories.list() as [RegisteredRepository]
    const heads = before.heads.map(({ cid: _cid, ...head }) => head)
    for (const file of readdirSync(home.layout.published)) rmSync(join(home.layout.published, file))
    const published = heard.next()
    await home.repositories.write([{ ...before, heads }])
    await published
    expect(heard.published[0]?.manifest.toString()).toBe(manifest.toString())
    expect(served.view('everybody').mayServe(refs[0]!.commit)).toBe(true)
  })

  it('that cannot be published is told once', async () => {
    const { repository, publish, heard } = await following()
    await publish({ follows: true })
    const problem = heard.next()
    rmSync(repository.path, { recursive: true })
    await problem
    await sleep(INTERVAL_MS * 5)
    expect(heard.problems).toMatchObject([{ code: 'repository-moved' }])
  })
})
