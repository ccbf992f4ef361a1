import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import type { FsckFinding } from '../../../src/repo/fsck/fsck-finding.ts'
import type { FsckOptions } from '../../../src/repo/fsck/fsck.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { deleteBranch } from '../../../src/repo/refs/branch.ts'
import { beginPartial } from '../../../src/repo/refs/partial-ref.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { openStore } from '../../../src/store/store.ts'
import { checkWorkingRepository } from '../../../src/worktree/fsck/check-working-repository.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { all, damageFile, packNames, rawBlock, writePack } from '../../support/store-files.ts'
import { ALL, collect } from '../gc/support.ts'
import { commitHere, PERSON } from '../support/repository.ts'
import { sampleRepository } from './sample-repository.ts'

const author = { command: 'test', person: PERSON }
const ORPHANS_NOW = { orphans: 'none' } as const

async function check(repository: Repository, options: FsckOptions = ORPHANS_NOW) {
  const findings: FsckFinding[] = []
  const checking = checkWorkingRepository(repository, options)
  for (;;) {
    const step = await checking.next()
    if (step.done === true) return { findings, totals: step.value }
    findings.push(step.value)
  }
}

/** A finding in a few words. */
function brief(finding: FsckFinding): string {
  if (finding.kind === 'object') return `${finding.code} ${finding.where}`
  if (finding.kind === 'orphan') return `${finding.code} ${finding.type}`
  if (finding.kind === 'store') return `${finding.code}${finding.hasSoundCopy ? ' (sound elsewhere)' : ''}`
  return `${finding.severity === 'warning' ? 'warning ' : ''}${finding.code}`
}

const briefly = async (repository: Repository, options?: FsckOptions): Promise<string[]> =>
  (await check(repository, options)).findings.map(brief)

/** Changes the stored bytes of some content. */
function damageContent(repository: Repository, content: string): string {
  const { packs } = repository.layout
  const paths = readdirSync(packs).map((name) => join(packs, name))
  const path = paths.find((each) => readFileSync(each).includes(content))!
  damageFile(path, readFileSync(path).indexOf(content) + 2)
  return path
}

async function blocksOf({ path }: Repository, pack: string): Promise<string[]> {
  const alone = await openStore(join(path, 'tmp', 'alone'))
  mkdirSync(join(alone.directory, 'packs'), { recursive: true })
  cpSync(pack, join(alone.directory, 'packs', basename(pack)))
  const cids = await all(alone.cids())
  await alone.close()
  rmSync(alone.directory, { recursive: true })
  return cids.map(String)
}

/** The same repository, opened anew: nothing of its packs is in memory. */
async function reopened(repository: Repository): Promise<Repository> {
  await repository.close()
  return openRepository(repository.path)
}

describe('what is sound', () => {
  it('has no findings; connectivity alone reads no content', async () => {
    const { repository } = await sampleRepository()
    const full = await check(repository)
    expect(full.findings).toEqual([])
    expect(full.totals).toMatchObject({ commits: 2, findings: 0 })
    const connected = await check(repository, { ...ORPHANS_NOW, connectivityOnly: true })
    expect(connected).toEqual(full)
  })

  it('is so for an empty repository, a bare one, and after all has expired', async () => {
    expect((await check(await temporaryRepository())).findings).toEqual([])
    expect((await check(await temporaryRepository({ bare: true }))).findings).toEqual([])
    const { repository } = await sampleRepository()
    await collect(repository, { ...ALL, partialBeforeMs: Infinity })
    expect(await briefly(repository)).toEqual([])
  })

  it('is so while an operation is not finished', async () => {
    const { repository, first } = await sampleRepository()
    await repository.close()
    const entries = readdirSync(join(repository.layout.ops, '0')).sort(
      (a, b) => Number.parseInt(a) - Number.parseInt(b),
    )
    writeFileSync(repository.layout.pending, readFileSync(join(repository.layout.ops, '0', entries[0]!)))
    expect(await briefly(repository)).toEqual([])
    expect(first).toBeDefined()
  })
})

describe('content', () => {
  it('that is corrupt is named by path, in HEAD, in older commits and in the index', async () => {
    const { repository, first } = await sampleRepository()
    damageContent(repository, 'content one')
    damageContent(repository, 'content two')
    damageContent(repository, 'staged content')
    const short = first.toString().slice(0, 17)
    const expected = ['block-corrupt HEAD:d/one', `block-corrupt ${short}:two`, 'block-corrupt :staged']
    const again = await reopened(repository)
    expect(await briefly(again)).toEqual(expected)
    // It is on the list of what is damaged now.
    expect(await briefly(again, { ...ORPHANS_NOW, connectivityOnly: true })).toEqual(expected)
  })

  it('that is corrupt and needed by nothing, or sound elsewhere, is named by its pack', async () => {
    const { repository } = await sampleRepository()
    await writePack(repository.store, [rawBlock('needed by nothing')])
    damageContent(repository, 'needed by nothing')
    damageContent(repository, 'staged content')
    const again = await reopened(repository)
    await again.store.put(rawBlock('staged content'))
    expect((await briefly(again)).sort()).toEqual(['block-corrupt', 'block-corrupt (sound elsewhere)'])
  })

  it('that is missing with its pack is named by path', async () => {
    const { repository } = await sampleRepository()
    for (const name of packNames(repository.store)) {
      const path = join(repository.layout.packs, name)
      if (statSync(path).size > 2_000_000) rmSync(path)
    }
    const found = await briefly(await reopened(repository))
    expect(found).toEqual(expect.arrayContaining(['block-missing HEAD:big', 'block-missing HEAD:d/one']))
    expect(found.every((each) => each.startsWith('block-missing '))).toBe(true)
  })

  it('of history: a missing parent is named by the commit that has it', async () => {
    const { repository, first, second } = await sampleRepository()
    for (const name of packNames(repository.store)) {
      const path = join(repository.layout.packs, name)
      // The commit itself, not its CID in the other.
      const cids = await blocksOf(repository, path)
      if (cids.includes(first.toString())) rmSync(path)
    }
    const found = await briefly(await reopened(repository))
    const short = second.toString().slice(0, 17)
    expect(found).toContain(`block-missing a parent of ${short}, in the history of HEAD`)
  })

  it('in a pack that is cut short, or whose index was changed, is reported with the pack', async () => {
    const { repository } = await sampleRepository()
    const path = join(repository.layout.packs, packNames(repository.store)[0]!)
    const whole = readFileSync(path)
    truncateSync(path, whole.length - 10)
    expect((await briefly(await reopened(repository)))[0]).toBe('pack-corrupt')
    writeFileSync(path, whole)
    damageFile(path, whole.length - 30)
    const again = await reopened(repository)
    expect((await briefly(again))[0]).toBe('pack-corrupt')
    expect((await briefly(again, { ...ORPHANS_NOW, connectivityOnly: true }))[0]).toBe('pack-corrupt')
  })
})

describe('records', () => {
  const cases: [name: string, damage: (repository: Repository) => void, expected: string[]][] = [
    ['HEAD', ({ layout }) => writeFileSync(layout.head, 'nothing'), ['head-corrupt']],
    ['a ref', ({ layout }) => writeFileSync(join(layout.refs, 'heads', 'main.ref'), 'nothing'), ['ref-corrupt']],
    ['the index, lost', ({ layout }) => rmSync(layout.index), ['warning index-missing']],
    ['the index, cut short', ({ layout }) => truncateSync(layout.index, 300), ['index-corrupt']],
    ['the index, a byte of it', ({ layout }) => damageFile(layout.index, 200), ['index-corrupt']],
    ['what is in progress', ({ layout }) => writeFileSync(layout.sequence, '{"type":1}'), ['sequence-corrupt']],
    ['an operation', ({ layout }) => writeFileSync(join(layout.ops, '0', '2.json'), '{}\n'), ['operation-newer']],
    ['an operation, torn', ({ layout }) => truncateSync(join(layout.ops, '0', '2.json'), 99), ['operation-corrupt']],
    ['the operation at work', ({ layout }) => writeFileSync(layout.pending, '{"ty'), ['operation-corrupt']],
    [
      'a reflog',
      ({ layout }) => appendFileSync(join(layout.logs, 'HEAD.log'), 'no line\n{"before":'),
      ['reflog-corrupt', 'warning reflog-torn'],
    ],
  ]
  it.each(cases)('%s', async (_name, damage, expected) => {
    const { repository } = await sampleRepository()
    damage(repository)
    expect(await briefly(repository)).toEqual(expected)
  })

  it('that name what is not there: a ref, a reflog, an operation', async () => {
    const { repository } = await sampleRepository()
    const gone = rawBlock('gone', 0x0129).cid
    writeFileSync(join(repository.layout.refs, 'heads', 'lost.ref'), `${gone.toString()}\n`)
    const log = join(repository.layout.logs, 'HEAD.log')
    const line = JSON.parse(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)!) as object
    const lost = rawBlock('lost', 0x0129).cid.toString()
    appendFileSync(log, `${JSON.stringify({ ...line, after: lost, operation: 99 })}\n`)
    const ref = { name: 'refs/tags/x', before: undefined, after: rawBlock('never', 0x0129).cid, message: '' }
    {
      using lock = await repository.lock('test')
      await runOperation(repository, lock, { ...author, refs: [ref] })
    }
    rmSync(join(repository.layout.refs, 'tags', 'x.ref'))
    rmSync(join(repository.layout.logs, 'refs', 'tags', 'x.log'), { force: true })
    const { findings, totals } = await check(repository)
    expect(findings.map(brief)).toEqual(['block-missing lost', 'target-missing', 'warning target-missing'])
    expect(findings.map((each) => 'message' in each && each.message)[1]).toContain('HEAD@{0} names')
    expect(totals.findings).toBe(2)
  })

  it('a branch that names what is no commit', async () => {
    const { repository } = await sampleRepository()
    const { cid } = rawBlock('content one')
    writeFileSync(join(repository.layout.refs, 'heads', 'file.ref'), `${cid.toString()}\n`)
    expect(await briefly(repository)).toEqual(['not-a-commit'])
  })
})

describe('orphans', () => {
  it('are named by type: those that nothing links, or all; not what transfers bring', async () => {
    const { repository } = await sampleRepository()
    await switchTo(repository, { create: 'aside' }, author)
    await commitHere(repository)
    await switchTo(repository, { branch: 'main' }, author)
    await deleteBranch(repository, { name: 'aside', force: true }, author)
    const [arrived, orphan] = [rawBlock('arrived'), rawBlock('an orphan')]
    await writePack(repository.store, [arrived, orphan])
    await repository.store.put(orphan)
    await beginPartial(repository.layout, arrived.cid)
    expect(await briefly(repository, {})).toEqual(['dangling file'])
    expect((await briefly(repository, { reflogs: false })).sort()).toEqual(['dangling commit', 'dangling file'])
    const all = await briefly(repository, { reflogs: false, orphans: 'unreachable' })
    expect(all.sort()).toEqual(['unreachable commit', 'unreachable file', 'unreachable file', 'unreachable tree'])
    expect(cidOf(RAW, orphan.bytes).equals(orphan.cid)).toBe(true)
  })
})
