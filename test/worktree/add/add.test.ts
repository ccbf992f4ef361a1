import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { indexFileStamp, readIndexFile, writeIndexFile } from '../../../src/worktree/index/index-file.ts'
import { writeRefreshedIndex } from '../../../src/worktree/index/write-refreshed-index.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { naiveTree } from '../support/naive-tree.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, commit, openTestRepository } from '../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const tracked = (): string[] => Array.from(readIndexFile(repository.layout.index).entries(), ({ path }) => path)

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

describe('add', () => {
  test('the tree of the index is that of the folder, through random edits', async () => {
    const random = createSeededRandom(77)
    for (let round = 0; round < 25; round++) {
      for (let edits = random.below(8); edits > 0; edits--) editRandomly(top, random)
      await add(repository)
      expect((await commit(repository)).toString(), `round ${round}`).toBe(naiveTree(top).cid.toString())
      const status = await readStatus(repository)
      expect([status.staged, status.unstaged, status.untracked]).toEqual([[], [], []])
    }
  })

  test('stages what is new, changed and gone within the pathspecs, and says so', async () => {
    for (const path of ['a', 'd/b', 'd/c', 'e/f']) write(path)
    expect((await add(repository, ['a', 'd'])).added).toEqual(['a', 'd/b', 'd/c'])
    write('a', 'other')
    rmSync(join(top, 'd/b'))
    const result = await add(repository, ['a', 'd'])
    expect([result.added, result.removed]).toEqual([['a'], ['d/b']])
    expect(tracked()).toEqual(['a', 'd/c'])
  })

  test('-u stages only what is tracked, -n stages nothing, -f takes ignored paths', async () => {
    write('a')
    write('.jzfsignore', '*.log\n')
    await add(repository)
    write('a', 'changed')
    write('new')
    write('x.log')
    expect((await add(repository, [], { dryRun: true })).added).toEqual(['a', 'new'])
    expect(tracked()).toEqual(['.jzfsignore', 'a'])
    expect((await add(repository, [], { update: true })).added).toEqual(['a'])
    await expect(add(repository, ['x.log'])).rejects.toMatchObject({ code: 'path-ignored' })
    expect((await add(repository, ['x.log'], { force: true })).added).toEqual(['x.log'])
  })

  test('a file gives way to a folder, and a folder to a file or a symlink', async () => {
    write('a')
    write('b/c')
    write('d/e')
    await add(repository)
    for (const path of ['a', 'b', 'd']) rmSync(join(top, path), { recursive: true })
    write('a/x')
    write('b')
    symlinkSync('b', join(top, 'd'))
    const { added, removed } = await add(repository)
    expect([added, removed]).toEqual([
      ['a/x', 'b', 'd'],
      ['a', 'b/c', 'd/e'],
    ])
    expect(tracked()).toEqual(['a/x', 'b', 'd'])
  })

  test('with nothing changed it reads no file and writes nothing', async () => {
    write('a')
    write('d/b')
    const past = new Date(Date.now() - 60_000)
    for (const path of ['a', 'd/b']) utimesSync(join(top, path), past, past)
    await add(repository)
    await settle()
    const before = [indexFileStamp(repository.layout.index), listing(repository.path)]
    const read: number[] = []
    const onProgress = ({ files }: { files: number }): void => void read.push(files)
    expect((await add(repository, [], { onProgress })).added).toEqual([])
    expect(read.filter((files) => files > 0)).toEqual([])
    expect([indexFileStamp(repository.layout.index), listing(repository.path)]).toEqual(before)
  })

  test('a touched file only refreshes stat data', async () => {
    write('a')
    await add(repository)
    const tree = await commit(repository)
    await settle()
    const past = new Date(Date.now() - 60_000)
    utimesSync(join(top, 'a'), past, past)
    const before = indexFileStamp(repository.layout.index)
    expect((await add(repository)).added).toEqual([])
    expect(indexFileStamp(repository.layout.index)).not.toEqual(before)
    expect((await commit(repository)).toString()).toBe(tree.toString())
  })

  test('a directory holding only ignored names is not recorded, one holding nothing is', async () => {
    write('.jzfsignore', '*.o\n')
    write('objects/x.o')
    mkdirSync(join(top, 'empty/inner'), { recursive: true })
    write('left/a')
    await add(repository)
    expect(tracked()).toEqual(['.jzfsignore', 'empty/inner', 'left/a'])
    rmSync(join(top, 'left/a'))
    expect((await add(repository)).added).toEqual(['left'])
    write('empty/inner/file')
    await add(repository)
    expect(tracked()).toEqual(['.jzfsignore', 'empty/inner/file', 'left'])
  })

  test('.git is passed over with a notice, unless the ignore file asks for it', async () => {
    write('sub/.git/config')
    write('sub/a')
    expect((await add(repository)).skippedGit).toEqual(['sub/.git'])
    expect(tracked()).toEqual(['sub/a'])
    write('.jzfsignore', '!.git\n')
    expect((await add(repository)).skippedGit).toEqual([])
    expect(tracked()).toEqual(['.jzfsignore', 'sub/.git/config', 'sub/a'])
  })
})

test('add passes over special files, as git does, and status does not list them', async () => {
  write('fine')
  write('d/file')
  for (const name of ['pipe', 'd/pipe']) execFileSync('mkfifo', [join(top, name)])
  const dry = await add(repository, [], { dryRun: true })
  const { added, errors, skippedSpecial } = await add(repository, ['.'])
  expect([added, errors, skippedSpecial]).toEqual([['d/file', 'fine'], [], ['d/pipe', 'pipe']])
  expect(dry).toMatchObject({ added, skippedSpecial })
  const { problems, untracked, unstaged } = await readStatus(repository)
  expect([problems, untracked, unstaged]).toEqual([[], [], []])
})

describe('add refuses, by name and without staging anything,', () => {
  /** The message of the error with which `add` refuses; the same file is named, and others staged, with ignoreErrors. */
  const refusal = async (code: string): Promise<string> => {
    write('fine')
    const error: unknown = await add(repository).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code })
    expect(existsSync(repository.layout.index)).toBe(false)
    const { errors, added } = await add(repository, [], { ignoreErrors: true })
    expect(errors.map((each) => each.code)).toEqual([code])
    expect(added).toEqual(['fine'])
    return (error as Error).message
  }

  test('a FIFO where a tracked file was', async () => {
    write('tracked')
    await add(repository)
    rmSync(join(top, 'tracked'))
    execFileSync('mkfifo', [join(top, 'tracked')])
    for (const options of [{}, { update: true }]) {
      await expect(add(repository, [], options)).rejects.toMatchObject({
        code: 'special-file',
        message: expect.stringMatching(/: tracked$/) as string,
      })
    }
    const { problems, unstaged } = await readStatus(repository)
    expect([problems.map(({ code }) => code), unstaged.map(({ path }) => path)]).toEqual([
      ['special-file'],
      ['tracked'],
    ])
  })

  test('a FIFO that is named', async () => {
    execFileSync('mkfifo', [join(top, 'pipe')])
    write('fine')
    await expect(add(repository, ['fine', 'pipe'])).rejects.toMatchObject({ code: 'special-file' })
    expect(existsSync(repository.layout.index)).toBe(false)
  })

  test('a name that is not UTF-8', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${top}/caf`), Buffer.of(0xe9)]), '')
    expect(await refusal('name-not-utf8')).toMatch(/: caf\\xe9$/)
  })

  test('a symlink to a name that is not UTF-8', async () => {
    symlinkSync(Buffer.of(0xff, 0xfe), join(top, 'link'))
    expect(await refusal('symlink-target-invalid')).toMatch(/: link$/)
  })

  test('a nested repository', async () => {
    write('inner/data')
    mkdirSync(join(top, 'inner/.jzfs'))
    expect(await refusal('nested-repository')).toMatch(/: inner$/)
  })

  test('a name that means the repository itself', async () => {
    write('d/.JZFS')
    expect(await refusal('name-reserved')).toMatch(/: d\/.JZFS$/)
  })

  test('a file that cannot be read, as another user', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can act as another user')
    write('secret')
    write('fine')
    chmodSync(join(top, 'secret'), 0o000)
    execFileSync('chown', ['-R', '65534:65534', top])
    const script = `
      import { openRepository } from ${JSON.stringify(join(import.meta.dirname, '../../../src/repo/repository.ts'))}
      import { addPaths } from ${JSON.stringify(join(import.meta.dirname, '../../../src/worktree/add/add.ts'))}
      const repository = await openRepository(process.cwd())
      await addPaths(repository, [], { command: 'add', person: { name: 'A', email: 'a@b', date: '2026-01-02T03:04:05+01:00' } })
        .then(() => console.log('added'), (error) => console.log(error.code, error.message))
      await repository.close()`
    const path = process.env['PATH']
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: top,
      uid: 65534,
      gid: 65534,
      env: { PATH: path },
    })
    expect(`${stdout.toString()}${stderr.toString()}`).toMatch(/^file-unreadable .*secret\n$/)
    expect(existsSync(repository.layout.index)).toBe(false)
  })

  test('a pathspec that nothing matches, a path outside and one beyond a symlink', async () => {
    write('a')
    mkdirSync(join(top, 'real'))
    symlinkSync('real', join(top, 'link'))
    write('real/x')
    await expect(add(repository, ['nope'])).rejects.toMatchObject({ code: 'pathspec-unmatched' })
    expect(() => add(repository, ['../up'])).toThrow(expect.objectContaining({ code: 'path-outside-repository' }))
    expect(() => add(repository, ['link/x'])).toThrow(expect.objectContaining({ code: 'path-beyond-symlink' }))
    expect(existsSync(repository.layout.index)).toBe(false)
  })
})

describe('stat data that prove nothing', () => {
  test('a file whose times are not older than the index file is hashed again', async () => {
    write('a', 'first')
    await add(repository)
    write('a', 'other')
    // As if the clock had stood still meanwhile: the entry has the changed file's stat data.
    const { index: path, tmp } = repository.layout
    const index = readIndexFile(path)
    const { mtimeNs, ctimeNs, ino } = lstatSync(join(top, 'a'), { bigint: true })
    index.refresh(index.find('a'), { mtimeNs, ctimeNs, inode: ino }, false)
    renameSync(join(tmp, writeIndexFile(tmp, index)), path)
    const same = new Date(Number(mtimeNs / 1_000_000n))
    utimesSync(path, same, same)
    expect((await readStatus(repository)).unstaged).toEqual([{ path: 'a', difference: 'modified' }])
    // And in a younger index they prove that it is unchanged: nothing is read.
    const later = new Date(Date.now() + 60_000)
    utimesSync(path, later, later)
    expect((await readStatus(repository)).unstaged).toEqual([])
  })

  test('an entry that was racy stays so in a later index, until its file was hashed again', async () => {
    write('a', 'first')
    write('b')
    await add(repository)
    const future = new Date(Date.now() + 3_600_000)
    utimesSync(join(top, 'a'), future, future)
    await add(repository)
    write('b', 'changed')
    await add(repository, ['b'])
    const index = readIndexFile(repository.layout.index)
    expect(index.isRacy(index.find('a'))).toBe(true)
  })

  test('status hashes racy files once and remembers', async () => {
    write('a')
    await add(repository)
    await settle()
    const index = readIndexFile(repository.layout.index)
    expect(index.isRacy(index.find('a'))).toBe(false)
  })
})

/** Lets the clock pass the files' times, and writes an index in which nothing is racy. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { index, isRefreshed } = await readStatus(repository)
  if (isRefreshed) expect(await writeRefreshedIndex(repository, index, 'status')).toBe(true)
}

function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('.db'))
    .sort()
}
