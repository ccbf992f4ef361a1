import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

/** A repository in which command lines are run, in this process. */
interface Scene {
  top: string
  /** Runs commands that must succeed; each is a line of words. Returns what the last one printed. */
  run(...lines: string[]): Promise<string>
  /** Runs a command that must not. */
  fails(line: string, status?: number): Promise<string>
  write(name: string, content: string): void
  read(name: string): string
}

async function makeScene(): Promise<Scene> {
  const folder = temporaryFolder()
  const top = join(folder, 'work')
  const env = { JZFS_HOME: join(folder, 'home') }
  const here = (line: string) => runHere(existsSync(top) ? top : folder, line.split(' '), env)
  const scene: Scene = {
    top,
    async run(...lines) {
      let printed = ''
      for (const line of lines) {
        const { status, stdout, stderr } = await here(line)
        expect({ line, status, said: status === 0 ? '' : stdout + stderr }).toEqual({ line, status: 0, said: '' })
        printed = stdout
      }
      return printed
    },
    async fails(line, status = 1) {
      const ran = await here(line)
      expect({ line, status: ran.status, said: ran.status === status ? '' : ran.stdout + ran.stderr }).toEqual({
        line,
        status,
        said: '',
      })
      return ran.stderr
    },
    write: (name, content) => writeFileSync(join(top, name), content),
    read: (name) => readFileSync(join(top, name), 'utf8'),
  }
  await scene.run('init -q work')
  scene.write('file', 'one\n')
  await scene.run('add .', 'commit -q -m one')
  return scene
}

/** Commits a new content of a file. */
async function commit({ write, run }: Scene, name: string, content: string): Promise<void> {
  write(name, content)
  await run('add .', `commit -q -m ${name}-${content.trim()}`)
}

/** A branch `side` that changes `file` otherwise than main does, twice, and two more files. */
async function diverge(scene: Scene): Promise<void> {
  await scene.run('switch -q -c side')
  await commit(scene, 'file', 'side\n')
  await commit(scene, 'more', 'side-more\n')
  await commit(scene, 'last', 'side-last\n')
  await scene.run('switch -q main')
  await commit(scene, 'file', 'main\n')
}

const GC = 'gc -q --expire=now --prune=now'

interface Root {
  what: string
  /** Brings about what alone refers to some blocks. */
  before: (scene: Scene) => Promise<unknown>
  /** Shows that they are there. */
  after: (scene: Scene) => Promise<unknown>
  gc?: string
}

const ROOTS: Root[] = [
  {
    what: 'stashes, those further down the list too',
    async before({ write, run }) {
      write('file', 'first stash\n')
      await run('stash')
      write('file', 'second stash\n')
      write('new', 'untracked\n')
      await run('stash -u')
    },
    async after({ run, read }) {
      await run('stash pop')
      expect([read('file'), read('new')]).toEqual(['second stash\n', 'untracked\n'])
      await run('reset -q --hard', 'stash pop')
      expect(read('file')).toBe('first stash\n')
    },
  },
  {
    what: 'a merge in conflict, to be given up',
    async before(scene) {
      await diverge(scene)
      await scene.fails('merge side')
      await scene.run('branch -D side')
    },
    async after({ run, read }) {
      await run('merge --abort')
      expect(read('file')).toBe('main\n')
    },
  },
  {
    what: 'a merge in conflict, to be gone on with',
    async before(scene) {
      await diverge(scene)
      await scene.fails('merge side')
      await scene.run('branch -D side')
    },
    async after({ run, read }) {
      await run('checkout --theirs file')
      expect(read('file')).toBe('side\n')
      await run('add file', 'restore --merge file')
      expect(read('file')).toContain('<<<<<<<')
      await run('checkout --ours file', 'add file', 'merge --continue')
      expect(read('more')).toBe('side-more\n')
      expect((await run('log --format=%s')).split('\n')).toContain('last-side-last')
    },
  },
  {
    what: 'a rebase that waits, with commits to come',
    async before(scene) {
      await diverge(scene)
      await scene.run('switch -q side')
      await scene.fails('rebase main')
    },
    async after({ write, run, read }) {
      write('file', 'both\n')
      await run('add file', 'rebase --continue')
      expect([read('file'), read('more'), read('last')]).toEqual(['both\n', 'side-more\n', 'side-last\n'])
    },
  },
  {
    what: 'a rebase that waits, to be given up',
    async before(scene) {
      await diverge(scene)
      await scene.run('switch -q side')
      await scene.fails('rebase main')
    },
    async after({ run, read }) {
      await run('rebase --abort')
      expect([read('file'), read('last')]).toEqual(['side\n', 'side-last\n'])
    },
  },
  {
    what: 'a cherry-pick that waits, of a branch that was deleted',
    async before(scene) {
      await diverge(scene)
      await scene.fails('cherry-pick main..side')
      await scene.run('branch -D side')
    },
    async after({ run, read }) {
      await run('cherry-pick --skip')
      expect([read('file'), read('more'), read('last')]).toEqual(['main\n', 'side-more\n', 'side-last\n'])
    },
  },
  {
    what: 'a bisection of a branch that was deleted',
    async before(scene) {
      await scene.run('switch -q -c side')
      for (const content of ['1', '2', '3', '4']) await commit(scene, 'file', content)
      await scene.run('bisect start', 'bisect bad', 'bisect good HEAD~4', 'branch -D side')
    },
    async after({ run }) {
      await run('bisect bad', 'bisect bad')
      expect(await run('bisect log')).toContain('first bad commit')
    },
  },
  {
    what: 'ORIG_HEAD',
    async before(scene) {
      await commit(scene, 'file', 'two\n')
      await scene.run('reset -q --hard HEAD~1')
    },
    async after({ run, read }) {
      await run('reset -q --hard ORIG_HEAD')
      expect(read('file')).toBe('two\n')
    },
  },
  {
    what: 'what is staged, and a detached HEAD',
    async before(scene) {
      await scene.run('switch -q --detach')
      await commit(scene, 'file', 'detached\n')
      scene.write('staged', 'staged\n')
      await scene.run('add staged')
      scene.write('staged', 'changed\n')
    },
    async after({ run, read }) {
      await run('commit -q -m staged', 'restore .')
      expect([read('file'), read('staged')]).toEqual(['detached\n', 'staged\n'])
    },
  },
  {
    what: 'tags, annotated ones too, and refs of other kinds',
    async before(scene) {
      await scene.run('switch -q -c side')
      await commit(scene, 'file', 'tagged\n')
      await scene.run('tag -a -m note v1')
      await commit(scene, 'file', 'other\n')
      await scene.run('update-ref refs/other/kept HEAD', 'switch -q main', 'branch -D side')
    },
    async after({ run }) {
      expect(await run('cat v1:file')).toBe('tagged\n')
      expect(await run('cat refs/other/kept:file')).toBe('other\n')
    },
  },
  {
    what: 'what a command discarded, for as long as its entry is kept',
    gc: 'gc -q --prune=now',
    async before(scene) {
      scene.write('file', 'local work\n')
      await scene.run('reset -q --hard')
    },
    async after({ run, read }) {
      await run('undo')
      expect(read('file')).toBe('local work\n')
      await run('redo')
      expect(read('file')).toBe('one\n')
    },
  },
  {
    what: 'a deleted branch and its reflog, for as long as the entry is kept',
    gc: 'gc -q --prune=now',
    async before(scene) {
      await diverge(scene)
      await scene.run('branch -D side')
    },
    async after({ run }) {
      await run('undo')
      expect(await run('cat side:last')).toBe('side-last\n')
      expect(await run('cat side@{1}:more')).toBe('side-more\n')
    },
  },
]

describe('after everything has expired that can', () => {
  it.each(ROOTS)('$what: it still works', async ({ before, after, gc = GC }) => {
    const scene = await makeScene()
    await before(scene)
    await scene.run(gc, 'fsck -q')
    await after(scene)
    expect(await scene.run('fsck -q')).toBe('')
  })

  it('undo says why it cannot, and harms nothing', async () => {
    const scene = await makeScene()
    await commit(scene, 'file', 'two\n')
    await scene.run('reset -q --hard HEAD~1', 'update-ref -d refs/pseudo/ORIG_HEAD', GC)
    await scene.fails('undo', 128)
    await scene.run('fsck -q')
    expect(scene.read('file')).toBe('one\n')
  })
})
