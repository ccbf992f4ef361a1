import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import { expect, onTestFinished } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import type { FsckFinding } from '../../../src/repo/fsck/fsck-finding.ts'
import { deleteBranch } from '../../../src/repo/refs/branch.ts'
import { createTag } from '../../../src/repo/refs/tag.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { checkWorkingRepository } from '../../../src/worktree/fsck/check-working-repository.ts'
import { applyStash } from '../../../src/worktree/stash/apply-stash.ts'
import { pushStash } from '../../../src/worktree/stash/push-stash.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { undoLast } from '../../../src/worktree/undo/undo.ts'
import { cloneFrom } from '../../support/clone-from.ts'
import { offerAll } from '../../support/offer.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { all } from '../../support/store-files.ts'
import { add, commitHere, PERSON } from '../support/repository.ts'
import { ALL, collect } from './support.ts'

const author = { command: 'test', person: PERSON }

/**
 * A writer with so many steps, and beside it: collections with everything expired, one after the other, checks, and clones
 * from a node that serves, each checked whole. At the end everything is there that was committed. Returns how many blocks were removed, and clones made.
 */
export async function workTogether(seed: number, steps: number): Promise<{ removed: number; clones: number }> {
  const random = createRandom(seed)
  const repository = await temporaryRepository()
  writeFileSync(join(repository.worktree!, 'first'), 'first')
  await add(repository)
  await commitHere(repository)
  const [collector, server] = [await another(repository), await another(repository)]
  const done = new AbortController()
  const collecting = async (): Promise<number> => {
    let removed = 0
    while (!done.signal.aborted) {
      removed += await collectPatiently(collector)
      await setImmediate()
    }
    return removed
  }
  const peer = createLocalPeer({
    label: 'server',
    record: async () => undefined,
    offer: () => offerAll(server.store),
  })
  const cloning = async (): Promise<number> => {
    let clones = 0
    const folder = temporaryFolder()
    const names = openKnownNames(join(folder, 'names'))
    for (; !done.signal.aborted; clones++) {
      const head = (await server.refs.read('refs/heads/main'))!
      const directory = join(folder, `clone-${clones}`)
      const made = await cloneFrom({
        ...author,
        directory,
        source: { cid: head },
        peers: [peer],
        names,
        now: new Date(),
      })
      const found = await all(checkWorkingRepository(made.repository, { orphans: 'none' }))
      expect(found.filter(isError), `clone ${clones}`).toEqual([])
      await made.repository.close()
      rmSync(directory, { recursive: true })
      await setImmediate()
    }
    return clones
  }
  const checking = async (): Promise<void> => {
    const checker = await another(repository)
    while (!done.signal.aborted) {
      expect((await all(checkWorkingRepository(checker, { orphans: 'none' }))).filter(isError)).toEqual([])
      await setImmediate()
    }
  }
  const writing = write(repository, random, steps).finally(() => done.abort())
  const [expected, removed, clones] = await Promise.all([writing, collecting(), cloning(), checking()])
  const findings = await all(checkWorkingRepository(await another(repository), { orphans: 'none' }))
  expect(findings.filter(isError)).toEqual([])
  for (const [name, content] of expected) {
    expect({ name, content: readFileSync(join(repository.worktree!, name), 'utf8') }).toEqual({ name, content })
  }
  mkdirSync(join(repository.worktree!, 'last'))
  await add(repository)
  await commitHere(repository)
  // Whatever the others have kept from it.
  return { removed: removed + (await collectPatiently(collector)), clones }
}

/** Collects what it can; where others do not let it in, it says so, and nothing was removed. */
async function collectPatiently(repository: Repository): Promise<number> {
  try {
    return (await collect(repository, ALL, { waitMs: 5000 })).removed.blocks
  } catch (error) {
    if (error instanceof JzfsError && error.code === 'locked') return 0
    throw error
  }
}

const isError = ({ severity }: FsckFinding): boolean => severity === 'error'

/** Somebody else, with a repository of his own to the same folder: as in another process. */
async function another({ path }: Repository): Promise<Repository> {
  const repository = await openRepository(path)
  onTestFinished(() => repository.close())
  return repository
}

/** Changes files and refs at random; what is committed is only ever added to. Returns what must be there at the end. */
async function write(repository: Repository, random: () => number, count: number): Promise<Map<string, string>> {
  const top = repository.worktree!
  const expected = new Map<string, string>()
  const change = (): void => {
    const name = `file-${Math.floor(random() * 6)}`
    // Few contents: garbage is written again and again, and found to be there.
    const content = `content ${Math.floor(random() * 8)} `.repeat(50)
    writeFileSync(join(top, name), content)
    expected.set(name, content)
  }
  const steps = [
    async () => {
      change()
      await add(repository)
      await commitHere(repository)
    },
    async () => {
      const before = new Map(expected)
      // What a stash has brought back would be committed there.
      await add(repository)
      await commitHere(repository)
      await switchTo(repository, { create: 'aside' }, author)
      change()
      await add(repository)
      await commitHere(repository)
      await switchTo(repository, { branch: 'main' }, author)
      await deleteBranch(repository, { name: 'aside', force: true }, author)
      for (const name of expected.keys()) if (!before.has(name)) expected.delete(name)
      for (const [name, content] of before) expected.set(name, content)
    },
    async () => {
      change()
      if ((await pushStash(repository, { ...author, untracked: 'untracked' })) === undefined) return
      await setImmediate()
      await applyStash(repository, { ...author, stash: undefined, drop: true })
    },
    async () => {
      change()
      await add(repository)
      await commitHere(repository)
      const head = (await repository.refs.headCommit())!
      await createTag(repository, { name: `v${random()}`, object: head, message: 'kept' }, author)
    },
    async () => {
      change()
      await add(repository)
      await commitHere(repository)
      // Takes back the commit; what it staged stays staged, as files are.
      await undoLast(repository, author).catch(expired)
      await add(repository)
      await commitHere(repository)
    },
  ]
  for (let step = 0; step < count; step++) {
    await steps[Math.floor(random() * steps.length)]!()
    await setImmediate()
  }
  return expected
}

/** A collection with everything expired may have taken from the log what undo needs. */
function expired(error: unknown): void {
  if (!(error instanceof JzfsError) || !['cannot-be-undone', 'nothing-to-undo'].includes(error.code)) throw error
}
