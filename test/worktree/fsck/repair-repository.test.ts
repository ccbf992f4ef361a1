import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import type { FsckFinding } from '../../../src/repo/fsck/fsck-finding.ts'
import { nextNumber } from '../../../src/repo/operation/operation-log.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { deleteBranch } from '../../../src/repo/refs/branch.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { checkWorkingRepository } from '../../../src/worktree/fsck/check-working-repository.ts'
import { type RepairOptions, repairRepository } from '../../../src/worktree/fsck/repair-repository.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { all, damageFile, rawBlock } from '../../support/store-files.ts'
import { ALL, collect } from '../gc/support.ts'
import { commitHere, PERSON } from '../support/repository.ts'
import { sampleRepository } from './sample-repository.ts'

const author = { command: 'jzfs fsck --repair', person: PERSON }

const makeRepository = async (): Promise<Repository> => (await sampleRepository()).repository

async function errors(repository: Repository): Promise<FsckFinding[]> {
  const found = await all(checkWorkingRepository(repository, { orphans: 'none' }))
  return found.filter(({ severity }) => severity === 'error')
}

/** Damages it while it is closed, repairs it, and says what was done. */
async function repaired(repository: Repository, damage: () => void, options: Partial<RepairOptions> = {}) {
  await repository.close()
  damage()
  const again = await openRepository(repository.path)
  expect(await errors(again)).not.toEqual([])
  const done = await all(repairRepository(again, { ...author, ...options }))
  return { again, done: done.map(({ code }) => code), left: await errors(again), repairs: done }
}

function packOf({ layout }: Repository, content: string): string {
  const paths = readdirSync(layout.packs).map((name) => join(layout.packs, name))
  return paths.find((path) => readFileSync(path).includes(content))!
}

describe('blocks', () => {
  it('corrupt content comes back from the files; the damaged pack is kept until then', async () => {
    const repository = await makeRepository()
    const path = packOf(repository, 'content one')
    const { done, left } = await repaired(repository, () => damageFile(path, readFileSync(path).indexOf('content one')))
    expect(done).toEqual(['pack-salvaged', 'blocks-restored', 'aside-removed'])
    expect(left).toEqual([])
    expect(existsSync(repository.layout.setAside)).toBe(false)
  })

  it('all packs are lost: content and directories come back, history does not', async () => {
    const repository = await makeRepository()
    const head = (await repository.refs.headCommit())!
    const { again, done, left } = await repaired(repository, () => rmSync(repository.layout.packs, { recursive: true }))
    expect(done).toContain('blocks-restored')
    expect(left.every((each) => each.kind !== 'object' || each.cid.code === 0x0129)).toBe(true)
    expect(await again.store.has(rawBlock('staged content').cid)).toBe(true)
    expect(await again.store.has(head)).toBe(false)
  })

  it('all packs are lost: everything comes back from another repository', async () => {
    const repository = await makeRepository()
    const copy = await openRepository((await makeRepository()).path)
    const { done, left } = await repaired(repository, () => rmSync(repository.layout.packs, { recursive: true }), {
      from: copy.store,
    })
    expect([done, left]).toEqual([['blocks-restored'], []])
    await copy.close()
  })

  it('a pack that is cut short: what is whole is saved, the rest comes from files that were moved', async () => {
    const repository = await makeRepository()
    const path = packOf(repository, 'content one')
    const { again, done, left } = await repaired(repository, () => {
      const top = repository.worktree!
      truncateSync(path, 1_200_000)
      writeFileSync(join(top, 'moved'), readFileSync(join(top, 'big')))
      writeFileSync(join(top, 'big'), 'other')
      writeFileSync(join(top, 'old'), 'content two')
    })
    expect(new Set(done)).toEqual(new Set(['pack-salvaged', 'blocks-restored', 'aside-removed']))
    expect(left).toEqual([])
    expect(await again.store.has(rawBlock('content two').cid)).toBe(true)
  })

  it('what is lost for good stays named, and the damaged pack stays aside', async () => {
    const repository = await makeRepository()
    const path = packOf(repository, 'content two')
    const { done, left, repairs } = await repaired(repository, () =>
      damageFile(path, readFileSync(path).indexOf('content two')),
    )
    expect(done).toEqual(['pack-salvaged'])
    expect(left).toMatchObject([{ kind: 'object', code: 'block-missing', path: 'two' }])
    expect(readFileSync(repairs[0]!.aside!).includes('ontent two')).toBe(true)
    // What is aside is not searched for what is to be kept, and does no harm.
    await collect(await openRepository(repository.path), ALL)
  })

  it('a loose block, and an index of a pack', async () => {
    const repository = await makeRepository()
    await repository.store.put(rawBlock('loose'))
    const loose = readdirSync(repository.layout.loose, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.data'),
    )!
    const path = packOf(repository, 'content two')
    const { done, left } = await repaired(repository, () => {
      writeFileSync(join(repository.layout.loose, loose), 'Loose')
      damageFile(path, statSync(path).size - 20)
    })
    expect([done.toSorted(), left]).toEqual([['aside-removed', 'file-aside', 'pack-salvaged'], []])
  })
})

describe('records', () => {
  const HEAD_LOG = ['logs', 'HEAD.log']
  const cases: [name: string, code: string, damage: (path: (...names: string[]) => string) => void][] = [
    ['HEAD', 'head-restored', (at) => writeFileSync(at('HEAD'), 'x')],
    ['a ref', 'ref-restored', (at) => writeFileSync(at('refs', 'heads', 'main.ref'), '\0\0')],
    ['the index', 'index-rebuilt', (at) => truncateSync(at('index'), 100)],
    ['a line of a reflog', 'reflog-cut', (at) => appendFileSync(at(...HEAD_LOG), 'x\n{"before"')],
    ['an operation', 'operation-aside', (at) => writeFileSync(at('ops', '0', '2.json'), '{"')],
    ['the operation at work', 'operation-aside', (at) => writeFileSync(at('ops', 'pending.json'), '{"')],
    ['what is in progress', 'sequence-aside', (at) => writeFileSync(at('sequence.json'), '{"')],
  ]
  it.each(cases)('%s', async (_name, code, damage) => {
    const repository = await makeRepository()
    const before = { head: await repository.refs.head(), commit: await repository.refs.headCommit() }
    const { again, done, left, repairs } = await repaired(repository, () =>
      damage((...names) => join(repository.path, ...names)),
    )
    expect([done, left]).toEqual([[code], []])
    expect(existsSync(repairs[0]!.aside!)).toBe(true)
    expect({ head: await again.refs.head(), commit: await again.refs.headCommit() }).toEqual(before)
    await commitHere(again)
    expect(await errors(again)).toEqual([])
    expect(await all(repairRepository(again, author))).toEqual([])
  })

  it('the newest operation: its number is not given again, and its line in the reflog is not taken for another', async () => {
    const repository = await makeRepository()
    await commitHere(repository)
    const number = nextNumber(repository.layout) - 1
    const lines = () => readFileSync(join(repository.layout.logs, 'HEAD.log'), 'utf8').split('\n').length
    const before = lines()
    const { again } = await repaired(repository, () =>
      writeFileSync(join(repository.layout.ops, '0', `${number}.json`), ''),
    )
    expect(nextNumber(again.layout)).toBe(number + 1)
    await commitHere(again)
    expect(lines()).toBe(before + 1)
  })

  it('HEAD: the branch that was switched to last, or the commit', async () => {
    const repository = await makeRepository()
    await switchTo(repository, { create: 'side' }, author)
    await commitHere(repository)
    const { again } = await repaired(repository, () => writeFileSync(repository.layout.head, ''))
    expect(await again.refs.head()).toEqual({ branch: 'refs/heads/side' })
    await switchTo(again, { detach: 'main' }, author)
    await commitHere(again)
    await deleteBranch(again, { name: 'side', force: true }, author)
    const head = await again.refs.head()
    const detached = await repaired(again, () => writeFileSync(repository.layout.head, ''))
    expect(await detached.again.refs.head()).toEqual(head)
  })

  it.each([
    ['a value that is another', (text: string) => text.replace(/.( refs\/heads\/topic-7\n)/, 'x$1')],
    ['a lost end', (text: string) => text.slice(0, text.length / 2)],
    ['nothing but zeros', (text: string) => '\0'.repeat(text.length)],
  ])('packed refs: %s', async (_name, damage) => {
    const repository = await makeRepository()
    const commit = (await repository.refs.headCommit())!
    await makeBranches(repository, commit)
    const before = await namesOf(repository)
    const path = repository.layout.packedRefs
    const { again, done, left, repairs } = await repaired(repository, () =>
      writeFileSync(path, damage(readFileSync(path, 'latin1')), 'latin1'),
    )
    expect([done, left]).toEqual([['packed-refs-restored'], []])
    expect(existsSync(repairs[0]!.aside!)).toBe(true)
    expect(await namesOf(again)).toEqual(before)
    await commitHere(again)
    expect(await errors(again)).toEqual([])
  })

  it('keeps what records that were set aside name', async () => {
    const repository = await makeRepository()
    const { again } = await repaired(repository, () => {
      const path = join(repository.layout.refs, 'heads', 'main.ref')
      writeFileSync(path, `${readFileSync(path, 'utf8').trim()}x\n`)
    })
    await collect(again, ALL)
    expect(await errors(again)).toEqual([])
  })
})

async function namesOf({ refs }: Repository): Promise<string[]> {
  return (await refs.list()).map(({ name, cid }) => `${name} ${cid.toString()}`)
}

/** So many that they are in one file. */
async function makeBranches(repository: Repository, commit: CID): Promise<void> {
  using lock = await repository.lock('test')
  const refs = Array.from({ length: 40 }, (_, number) => {
    return { name: `refs/heads/topic-${number}`, before: undefined, after: commit, message: 'test' }
  })
  await runOperation(repository, lock, { ...author, refs })
}

it('in a bare repository, from another one', async () => {
  const copy = await makeRepository()
  const bare = await temporaryRepository({ bare: true })
  const head = (await copy.refs.headCommit())!
  mkdirSync(join(bare.layout.refs, 'heads'), { recursive: true })
  const { left } = await repaired(
    bare,
    () => writeFileSync(join(bare.layout.refs, 'heads', 'main.ref'), `${head.toString()}\n`),
    {
      from: copy.store,
    },
  )
  expect(left).toEqual([])
})
