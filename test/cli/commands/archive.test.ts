import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

const MAKE = `
git init -q -b main . && mkdir -p d/e 'sp ace' && echo 1 > a && echo 22 > d/b && echo 333 > d/e/c
ln -s ../a 'sp ace/link' && printf x > run && chmod +x run && head -c 3000000 /dev/urandom > big && : > none
echo ö > 'ünï' && git add . && git -c user.name=A -c user.email=a@x commit -q -m one
`

/** What lies in a folder: a line for each entry, with its kind, whether it is executable, and its content's hash. */
function listing(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
  return paths.map((path) => {
    const full = join(folder, path)
    const stat = lstatSync(full)
    if (stat.isSymbolicLink()) return `${path} -> ${readlinkSync(full)}`
    if (stat.isDirectory()) return `${path}/`
    return `${path} ${stat.mode & 0o100} ${hash('sha256', readFileSync(full))}`
  })
}

const shell = (cwd: string, script: string, ...args: string[]) =>
  execFileSync('sh', ['-c', script, 'sh', ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  })

function unpacked(folder: string, archive: string): string[] {
  const into = join(folder, `unpacked-${archive}`)
  mkdirSync(into)
  shell(into, archive.endsWith('.zip') ? 'unzip -q "$1"' : 'tar xf "$1"', join(folder, archive))
  return listing(into)
}

async function dataset(): Promise<{ work: string; out: string }> {
  const [work, out] = [temporaryFolder(), temporaryFolder()]
  shell(work, MAKE)
  await runHere(work, ['init', '-q'])
  await runHere(work, ['add', '.'])
  await runHere(work, ['commit', '-q', '-m', 'one'])
  return { work, out }
}

describe('archive', () => {
  it('unpacks to what an archive of git unpacks to', async () => {
    const { work, out } = await dataset()
    const requests = [['HEAD'], ['--prefix=x/y-', 'HEAD', 'd', 'sp ace'], ['HEAD:d', ':!e']]
    for (const [at, args] of requests.entries()) {
      for (const format of at === 0 ? ['tar', 'zip', 'tgz'] : ['tar', 'zip']) {
        const ours = await runHere(work, ['archive', '-o', join(out, `ours-${at}.${format}`), ...args])
        expect(ours).toEqual({ status: 0, stdout: '', stderr: '' })
        shell(work, 'git archive -o "$@"', join(out, `theirs-${at}.${format}`), ...args)
        expect(unpacked(out, `ours-${at}.${format}`)).toEqual(unpacked(out, `theirs-${at}.${format}`))
      }
    }
  })

  it('of a folder where one stands holds what is in it', async () => {
    const { work, out } = await dataset()
    await runHere(join(work, 'd'), ['archive', '-o', join(out, 'ours.tar'), 'HEAD'])
    shell(join(work, 'd'), 'git archive -o "$1" HEAD', join(out, 'theirs.tar'))
    expect(unpacked(out, 'ours.tar')).toEqual(unpacked(out, 'theirs.tar'))
    mkdirSync(join(work, 'new'))
    expect(await runHere(join(work, 'new'), ['archive', 'HEAD'])).toMatchObject({ status: 128, stdout: '' })
  })

  it('names what it cannot do, and writes nothing', async () => {
    const { work, out } = await dataset()
    const old = join(out, 'old.tar')
    writeFileSync(old, 'old')
    for (const [status, args] of [
      [128, ['HEAD', 'no such path']],
      [128, ['nothing']],
      [129, ['--format=rar', 'HEAD']],
      [129, []],
    ] as const) {
      expect(await runHere(work, ['archive', '-o', old, ...args])).toMatchObject({ status, stdout: '' })
      expect(readFileSync(old, 'utf8')).toBe('old')
    }
    expect(readdirSync(out)).toEqual(['old.tar'])
  })

  it('stops at a corrupt block, names the file and leaves no archive', async () => {
    const { work, out } = await dataset()
    const packs = join(work, '.jzfs', 'packs')
    const content = readFileSync(join(work, 'big'))
    for (const name of readdirSync(packs)) {
      const bytes = readFileSync(join(packs, name))
      const at = bytes.indexOf(content.subarray(2_500_000, 2_500_032))
      if (at === -1) continue
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(join(packs, name), bytes)
    }
    for (const format of ['tar', 'zip', 'tar.gz']) {
      const ended = await runHere(work, ['archive', '-o', join(out, `x.${format}`), 'HEAD'])
      expect(ended).toMatchObject({ status: 3, stderr: expect.stringMatching(/^jzfs: big: .*corrupt/) })
    }
    expect(existsSync(join(out, 'x.tar'))).toBe(false)
    expect(readdirSync(out)).toEqual([])
  })
})
