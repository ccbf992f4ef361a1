import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

const MAKE = `
git init -q -b main . && mkdir -p d/e 'd/sp ace' && echo 1 > a && echo 22 > d/b && echo 333 > d/e/c && echo 4 > d/e.f
ln -s a 'd/sp ace/link' && printf x > d/run && chmod +x d/run && echo q > 'd/q"uote' && : > none
printf '.git\\n' > .jzfsignore && git add . && git -c user.name=A -c user.email=a@x commit -q -m one
`

it('lists what git lists', async () => {
  const folder = temporaryFolder()
  const options = { cwd: folder, encoding: 'utf8' as const, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } }
  execFileSync('sh', ['-c', MAKE], options)
  await runHere(folder, ['init', '-q'])
  await runHere(folder, ['add', '.'])
  expect(await runHere(folder, ['commit', '-q', '-m', 'one'])).toMatchObject({ status: 0, stderr: '' })
  const requests = [
    ...['', '-r', '-d', '-t', '-r -t', '-r -d', '-l', '-r -l', '-r -z', '-r --name-only'].map((flags) => [flags]),
    ...['d', 'd/', 'd/e', 'd/e/c', 'a d/b', 'nothing', 'd/e/ a'].flatMap((paths) => [
      ['', paths],
      ['-r', paths],
      ['-t', paths],
    ]),
  ]
  for (const place of ['.', 'd']) {
    for (const [flags = '', paths = ''] of requests) {
      const args = ['ls-tree', ...words(flags), 'HEAD', ...words(paths)]
      // Git shows the folder where one stands with -t, and so with -r -d.
      if (place !== '.' && /-t|-r -d/.test(flags)) continue
      const theirs = execFileSync('git', args, { ...options, cwd: join(folder, place) })
      const ours = await runHere(join(folder, place), args)
      expect(comparable(ours.stdout, / \S+(?=\s)/), `${place}: ${args.join(' ')}`).toEqual(
        comparable(theirs.replaceAll(' blob ', ' file '), / [\da-f]{40}(?=\s)/),
      )
    }
  }
})

function words(text: string): string[] {
  return text.split(' ').filter(Boolean)
}

/** Lines without CIDs, sorted: git sorts directories as if their names had a slash at the end. */
function comparable(output: string, cid: RegExp): string[] {
  const lines = output.split(/[\n\0]/).map((line) => line.replace(new RegExp(`(?<= (?:file|tree))${cid.source}`), ''))
  return lines.toSorted()
}

it('shows empty directories, kinds and sizes, and takes templates', async () => {
  const folder = temporaryFolder()
  execFileSync('sh', ['-c', 'mkdir -p d/empty && echo one > d/f'], { cwd: folder })
  await runHere(folder, ['init', '-q'])
  await runHere(folder, ['add', '.'])
  await runHere(folder, ['commit', '-q', '-m', 'one'])
  const list = async (...args: string[]) => (await runHere(folder, ['ls-tree', ...args])).stdout
  expect(await list('-r', '--name-only', 'HEAD')).toBe('d/empty\nd/f\n')
  expect(await list('--format=%(path)%x09%(kind) %(objectsize)%%', 'HEAD:d')).toBe('empty\tdirectory -%\nf\tfile 4%\n')
  const [line] = (await list('--json', 'HEAD:d')).split('\n')
  expect(JSON.parse(line as string)).toMatchObject({ mode: '040000', type: 'tree', kind: 'directory', path: 'empty' })
  expect(await runHere(folder, ['ls-tree', 'HEAD:d/f'])).toMatchObject({ status: 128, stdout: '' })
  expect(await runHere(folder, ['ls-tree', '--format=%(nothing)', 'HEAD'])).toMatchObject({ status: 129 })
})
