import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

let top: string
let env: Record<string, string>

const jzfs = (...args: string[]) => runHere(top, args, env)
const commit = async (content: string) => {
  writeFileSync(join(top, 'a'), content)
  await jzfs('add', 'a')
  await jzfs('commit', '-q', '-m', content)
}
const documents = (text: string) =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as object]))

beforeEach(async () => {
  const folder = temporaryFolder()
  top = join(folder, 'work')
  env = { JZFS_HOME: join(folder, 'home') }
  await runHere(folder, ['init', '-q', 'work'], env)
  await commit('one')
  await commit('two')
})

test('undo says what it took back, as text and as a document', async () => {
  await jzfs('reset', '-q', '--hard', 'HEAD~1')
  expect((await jzfs('undo', '-n')).stdout).toMatch(
    /^Would undo: jzfs reset -q --hard HEAD~1\n {2}main is at \w+ two\n/,
  )
  expect((await jzfs('undo')).stdout).toMatch(
    /^Undone: jzfs reset [^\n]+\n {2}main is at \w+ two\n {2}1 file changed\n$/,
  )
  expect(await jzfs('redo', '-q')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(documents((await jzfs('undo', '--json')).stdout)).toMatchObject([
    { undo: { operation: 5, command: 'jzfs reset -q --hard HEAD~1' }, files: ['a'], index: true, left: [], failed: [] },
  ])
  await jzfs('switch', '-q', '--detach', 'HEAD~1')
  writeFileSync(join(top, 'a'), 'changed since')
  expect(await jzfs('undo')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/changed since: a\nhint: .*--force/) as string,
  })
  expect((await jzfs('undo', '-f')).stdout).toMatch(/\n {2}on main\n.*\n {2}changed since, and kept for redo: a\n$/)
})

test('what was pushed stays where it was pushed to: that is said', async () => {
  await runHere(join(top, '..'), ['init', '-q', '--bare', 'there'], env)
  await jzfs('remote', 'add', 'origin', '../there')
  await jzfs('push', '-q', '-u', 'origin', 'main')
  await commit('three')
  expect(await jzfs('undo', '-q')).toMatchObject({ status: 0, stderr: '' })
  await jzfs('redo', '-q')
  await jzfs('push', '-q')
  const { status, stderr } = await jzfs('undo', '-q')
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^note: what was pushed as origin\/main .*\nhint: /)])
  expect((await jzfs('redo', '-q')).stderr).toBe('')
  await jzfs('undo', '-q')
  // What the hint says.
  expect(await jzfs('push', '-q', '--force-with-lease')).toMatchObject({ status: 0 })
  await commit('four')
  await jzfs('update-ref', 'refs/remotes/origin/main', 'main')
  expect((await jzfs('undo', '-q')).stderr).toBe('')
})

test('a published branch goes back here, and others keep what they have: that is said', async () => {
  expect(await jzfs('publish', 'main')).toMatchObject({ status: 0 })
  expect((await jzfs('undo', '-q')).stderr).toMatch(/^note: main is published: what others have fetched/)
  await jzfs('redo', '-q')
  await jzfs('branch', '-m', 'other')
  // The publication follows the branch back to its name.
  expect((await jzfs('undo')).stderr).toBe('')
  expect((await jzfs('publish', 'main')).stdout).toMatch(/\nnothing new: main /)
})

test('the operation log says what is undone, and what an operation changed', async () => {
  await jzfs('undo', '-q')
  const log = await jzfs('op', 'log')
  expect(log.stdout.split('\n').map((line) => line.replace(/^ *(\d+) {2}\S+ \S+ \S+ {2}/, '$1 '))).toEqual([
    '5 jzfs undo -q  (of 4)',
    '4 jzfs commit -q -m two  (undone)',
    '3 jzfs add a',
    '2 jzfs commit -q -m one',
    '1 jzfs add a',
    '',
  ])
  expect(documents((await jzfs('op', 'log', '--json', '-n', '2')).stdout)).toMatchObject([
    { operation: 5, undo: { kind: 'undo', operation: 4 }, refs: [{ ref: 'refs/heads/main' }] },
    { operation: 4, undone: true, undo: null },
  ])
  await jzfs('redo', '-q')
  writeFileSync(join(top, 'a'), 'local')
  await jzfs('restore', 'a')
  expect((await jzfs('op', 'show')).stdout).toMatch(
    /^operation 7\n[^]*\n {4}M a\n {2}thrown away, and kept for undo: 1 file, 5 B\n/,
  )
  expect(documents((await jzfs('op', 'show', '7', '--json')).stdout)).toMatchObject([
    { operation: 7, files: [{ path: 'a', change: 'modified' }], kept: [{ path: 'a', size: 5 }], problem: null },
  ])
  expect(await jzfs('op', 'show', '8')).toMatchObject({
    status: 128,
    stderr: expect.stringMatching(/there is no operation 8/) as string,
  })
})

test('the reflog lists what refs were', async () => {
  await jzfs('branch', 'topic', 'HEAD~1')
  expect((await jzfs('reflog')).stdout).toMatch(
    /^\w+ HEAD@\{0\}: commit: two\n\w+ HEAD@\{1\}: commit \(initial\): one\n$/,
  )
  expect((await jzfs('reflog', 'topic')).stdout).toMatch(/^\w+ topic@\{0\}: branch: created from HEAD~1\n$/)
  expect((await jzfs('reflog', 'show', 'main@{1}')).stdout).toMatch(/^\w+ main@\{1\}: commit \(initial\): one\n$/)
  const all = documents((await jzfs('reflog', '--all', '--json')).stdout)
  expect(all).toMatchObject([
    { ref: 'HEAD', nth: 0, here: true },
    { ref: 'HEAD', nth: 1 },
    { ref: 'refs/heads/main', nth: 0 },
    { ref: 'refs/heads/main', nth: 1, before: null },
    { ref: 'refs/heads/topic', nth: 0 },
  ])
  expect(await jzfs('reflog', 'topci')).toMatchObject({
    status: 128,
    stderr: expect.stringMatching(/did you mean topic/) as string,
  })
})
