import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import { updateIndex } from '../../../src/worktree/index/index-update.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { lookAhead } from '../../../src/worktree/scan/look-ahead.ts'
import { scanWorktree } from '../../../src/worktree/scan/scan-worktree.ts'
import { seenEntries } from '../../../src/worktree/scan/seen-entries.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commit, openTestRepository } from '../support/repository.ts'

const KEEPS = { executableBit: true, symlinks: true }
const AS_THEY_WERE = ['a', 'b/deep/ü', 'b/file', 'link', 'run.sh', 'z/last']
const CHANGED = ['b/changed', 'b/mode', 'deleted', 'gone/a', 'gone/b', 'moved/file', 'z/type']

test('sees the files that are as the index has them, and no others; a scan looks at the rest', async () => {
  const top = temporaryFolder()
  const repository = await openTestRepository(top)
  onTestFinished(() => repository.close())
  for (const path of [...AS_THEY_WERE, ...CHANGED]) {
    mkdirSync(join(top, path, '..'), { recursive: true })
    if (path === 'link') symlinkSync('a', join(top, path))
    else writeFileSync(join(top, path), path, { mode: path.endsWith('.sh') ? 0o755 : 0o644 })
  }
  await add(repository)
  await commit(repository)
  writeFileSync(join(top, 'b/changed'), 'other')
  chmodSync(join(top, 'b/mode'), 0o755)
  rmSync(join(top, 'deleted'))
  rmSync(join(top, 'gone'), { recursive: true })
  // The file is what it was, but not where the index has it.
  renameSync(join(top, 'moved'), join(top, '.jzfs', 'elsewhere'))
  symlinkSync('.jzfs/elsewhere', join(top, 'moved'))
  rmSync(join(top, 'z/type'))
  symlinkSync('last', join(top, 'z/type'))

  const index = await openIndex(repository)
  const ahead = lookAhead(top, index, KEEPS, 1)
  if (ahead === undefined) throw new Error('it does not look')
  const seen = (): string[] => Array.from(index.entries(), ({ path }) => path).filter((_, at) => ahead.hasSeen(at))
  await vi.waitFor(() => expect(seen()).toEqual(AS_THEY_WERE), { timeout: 20_000, interval: 10 })
  ahead.stop()

  const scan = { worktree: top, index, ignore: undefined, untracked: 'none', keeps: KEEPS } as const
  const { states, stats } = scanWorktree(scan)
  expect(scanWorktree({ ...scan, hasSeen: seenEntries(ahead, index) })).toMatchObject({ states, stats })

  // In another index only entries that are the same count, wherever they stand.
  const [first, last] = [index.entry(index.find('a')), index.entry(index.find('z/last'))]
  const changes = [
    { path: 'a', entries: [] },
    { path: 'a0', entries: [{ ...first, path: 'a0', mtimeNs: 0n }] },
    { path: 'new', entries: [{ ...last, path: 'new', mtimeNs: last.mtimeNs + 1n }] },
    { path: 'z/last', entries: [{ ...last, racy: true }] },
  ]
  const next = updateIndex(index, changes)
  const hasSeen = seenEntries(ahead, next)
  const known = Array.from(next.entries(), ({ path }) => path).filter((_, at) => hasSeen(at))
  expect(known).toEqual(['b/deep/ü', 'b/file', 'link', 'new', 'run.sh'])
})

test('of few files it sees none', async () => {
  const top = temporaryFolder()
  await using repository = await openTestRepository(top)
  writeFileSync(join(top, 'a'), 'a')
  await add(repository)
  expect(lookAhead(top, await openIndex(repository), KEEPS)).toBeUndefined()
})
