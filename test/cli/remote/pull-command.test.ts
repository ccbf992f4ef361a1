import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { type RanHere, runHere } from '../../support/run-here.ts'
import { openPullScene, OPTIONS } from './pull-comparison.ts'

/** Two repositories of one machine: `there` is pulled from by `here`. */
interface Pair {
  there: string
  here(...args: string[]): Promise<RanHere>
  /** Commits a file there. */
  commitThere(path: string, text: string): Promise<void>
  commitHere(path: string, text: string): Promise<void>
  read(path: string): string
}

async function openPair(): Promise<Pair> {
  const root = temporaryFolder()
  const [there, folder] = [join(root, 'there'), join(root, 'here')]
  const commit = async (cwd: string, path: string, text: string): Promise<void> => {
    writeFileSync(join(cwd, path), text)
    await runHere(cwd, ['add', '.'])
    expect(await runHere(cwd, ['commit', '-q', '-m', `${path}: ${text}`])).toMatchObject({ status: 0 })
  }
  for (const cwd of [there, folder]) {
    mkdirSync(cwd)
    await runHere(cwd, ['init', '-q'])
  }
  await commit(there, 'a', '1')
  await runHere(folder, ['remote', 'add', 'origin', there])
  return {
    there,
    here: (...args) => runHere(folder, args),
    commitThere: (path, text) => commit(there, path, text),
    commitHere: (path, text) => commit(folder, path, text),
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  }
}

test('a first pull fills an empty repository, and undo takes the merge back but not what was seen', async () => {
  const { here, commitThere, read, there } = await openPair()
  expect(await here('pull')).toMatchObject({ status: 1, stderr: expect.stringContaining('no tracking information') })
  expect(await here('pull', 'origin', 'main')).toMatchObject({ status: 0 })
  expect(read('a')).toBe('1')
  await here('branch', '-u', 'origin/main')
  await commitThere('a', '2')
  await runHere(there, ['tag', 'v1'])
  const pulled = await here('pull')
  expect(pulled).toMatchObject({ status: 0, stdout: expect.stringContaining('Fast-forward') })
  expect((await here('status', '-sb')).stdout).toBe('## main...origin/main\n')
  expect((await here('undo')).stdout).toContain('Undone: jzfs pull')
  expect(read('a')).toBe('1')
  expect((await here('status', '-sb')).stdout).toBe('## main...origin/main [behind 1]\n')
  await here('redo')
  expect(read('a')).toBe('2')
  await runHere(there, ['branch', 'more'])
  expect((await here('fetch')).stderr).toContain('origin/more')
  expect((await here('undo', '--dry-run')).stdout).toContain('Would undo: jzfs pull')
})

test('what would lose work, or needs a decision, is refused before anything is changed but what was seen', async () => {
  const { here, commitThere, commitHere, read } = await openPair()
  expect((await here('pull', '-q', '--set-upstream', '.', 'main')).status).not.toBe(0)
  await here('pull', '-q', '--set-upstream', 'origin', 'main')
  expect((await here('branch', '-vv')).stdout).toContain('[origin/main]')
  await commitThere('a', '2')
  await commitHere('b', '1')
  const before = (await here('rev-parse', 'HEAD')).stdout
  const divergent = await here('pull')
  expect(divergent).toMatchObject({ status: 128, stderr: expect.stringContaining('reconcile divergent branches') })
  expect(divergent.stderr).toContain('`jzfs pull --rebase`')
  expect(await here('pull', '--ff-only')).toMatchObject({ status: 128 })
  expect((await here('rev-parse', 'HEAD')).stdout).toBe(before)
  expect((await here('status', '-sb')).stdout).toContain('[ahead 1, behind 1]')
  const merged = await here('pull', '--no-rebase', '--json')
  const document = JSON.parse(merged.stdout) as { fetched: { remote: string }[]; merge: { outcome: string } }
  expect(document).toMatchObject({ fetched: [{ remote: 'origin' }], merge: { outcome: 'merged' } })
  expect((await here('log', '-1', '--format=%s')).stdout).toMatch(/^Merge branch 'main' of \/.*\/there into main\n$/)
  expect(read('a') + read('b')).toBe('21')
})

test('a pull says what it lacks', async () => {
  const { here, commitThere } = await openPair()
  await here('pull', '-q', 'origin', 'main')
  const says = async (args: string[], text: string): Promise<void> => {
    const { status, stderr } = await here(...args)
    expect(status).not.toBe(0)
    expect(stderr).toContain(text)
  }
  await says(['pull', 'origin'], '`jzfs pull origin BRANCH`')
  await says(['pull', 'nowhere'], 'there is no remote "nowhere"')
  await says(['pull', 'origin', 'nothing'], 'the remote has no ref')
  await says(['pull', '--all', 'origin'], '--all goes with no remote')
  await says(['pull', '--rebase=interactive'], '--rebase can be true or false')
  await here('branch', '-q', '-u', 'origin/main')
  await here('config', 'branch.main.merge', 'refs/heads/gone')
  await says(['pull'], 'no such ref was fetched')
  await here('switch', '-q', '--detach')
  await says(['pull'], 'not currently on a branch')
  await commitThere('a', '3')
  expect(await here('pull', '--dry-run', 'origin', 'main')).toMatchObject({ status: 0, stdout: '' })
  expect((await here('rev-parse', 'HEAD')).stdout).toBe((await here('rev-parse', 'origin/main')).stdout)
  expect(await here('pull', 'origin', 'main')).toMatchObject({ status: 0 })
})

test('a branch of this repository is followed without any remote, and --all merges what is followed', async () => {
  const { here, commitHere, commitThere } = await openPair()
  await here('pull', '-q', 'origin', 'main')
  await here('switch', '-q', '-c', 'topic', '--track', 'main')
  await here('switch', '-q', 'main')
  await commitHere('b', '1')
  await here('switch', '-q', 'topic')
  expect((await here('pull')).stdout).toContain('Fast-forward')
  await here('branch', '-q', '-u', 'origin/main')
  await commitThere('a', '4')
  expect((await here('remote', 'add', '-f', 'again', '../there')).stderr).toContain('[new branch]')
  expect(await here('pull', '--all', '--rebase')).toMatchObject({ status: 0 })
  expect((await here('log', '--format=%s')).stdout).toBe('b: 1\na: 4\na: 1\n')
  expect((await here('branch', '-r')).stdout).toBe('  again/main\n  origin/main\n')
})

test('what a remote has is shown, and what it lost pruned', async () => {
  const { here, there } = await openPair()
  await here('pull', '-q', 'origin', 'main')
  for (const branch of ['gone', 'kept']) await runHere(there, ['branch', branch])
  await here('fetch', '-q')
  await here('branch', '-q', '-u', 'origin/main')
  await runHere(there, ['branch', '-D', 'gone'])
  await runHere(there, ['branch', 'new'])
  const shown = (await here('remote', 'show', 'origin')).stdout.replaceAll(there, 'THERE')
  expect(shown).toBe(
    [
      '* remote origin',
      '  Fetch URL: THERE',
      '  Push  URL: THERE',
      '  HEAD branch: main',
      '  Remote branches:',
      "    refs/remotes/origin/gone stale (use 'jzfs remote prune' to remove)",
      '    kept                     tracked',
      '    main                     tracked',
      '    new                      new (next fetch will store in remotes/origin)',
      "  Local branch configured for 'jzfs pull':",
      '    main merges with remote main',
      '',
    ].join('\n'),
  )
  expect((await here('remote', 'show', '-n', 'origin')).stdout).toContain('(status not queried)\n    gone\n')
  expect(JSON.parse((await here('remote', 'show', '--json', 'origin')).stdout)).toMatchObject({
    head: 'refs/heads/main',
  })
  expect((await here('remote', 'prune', '-n', 'origin')).stdout).toContain(' * [would prune] origin/gone\n')
  const pruned = { remotes: [{ remote: 'origin', url: there, pruned: ['refs/remotes/origin/gone'] }] }
  const asJson = await here('remote', 'prune', '-n', '--json', 'origin')
  expect(JSON.parse(asJson.stdout)).toEqual({ dryRun: true, ...pruned })
  expect((await here('remote', 'prune', 'origin')).stdout).toContain(' * [pruned] origin/gone\n')
  expect((await here('remote', 'set-head', 'origin', '-a')).stdout).toBe('origin/HEAD set to main\n')
  expect((await here('branch', '-r')).stdout).toBe('  origin/HEAD -> origin/main\n  origin/kept\n  origin/main\n')
  expect((await here('rev-parse', 'origin')).stdout).toBe((await here('rev-parse', 'origin/main')).stdout)
})

const DEFAULT = [
  ['apart', 2],
  ['conflict', 1],
  ['dirty', 0],
] as const

test('a pull leaves what a pull of git leaves', async () => {
  const scene = await openPullScene()
  for (const [state, option] of DEFAULT) {
    await scene.prepare(state)
    const { status } = await scene.compare(['pull', ...OPTIONS[option]])
    expect([0, 1, 128]).toContain(status)
  }
})
