import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { outputMatches, parseTranscript, runTranscript, updatedTranscript } from '../support/transcript.ts'

const EXAMPLES = join(import.meta.dirname, '..', 'examples')
const CHECKOUT = join(import.meta.dirname, '..', '..')

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.md'))
  // Each is a shell that works while the others do.
  it.concurrent.for(files)('%s prints what it says', { timeout: 120_000 }, async (file, { expect }) => {
    const path = join(EXAMPLES, file)
    const markdown = readFileSync(path, 'utf8')
    const run = await runIn(parseTranscript(markdown))
    if (process.env['JZFS_UPDATE_EXAMPLES'] === '1') writeFileSync(path, updatedTranscript(markdown, run))
    for (const { command, line, expected, actual } of run) {
      if (!outputMatches(expected, actual)) expect(actual, `${file}:${line}: ${command}`).toEqual(expected)
    }
    expect(run.length).toBeGreaterThan(0)
  })
})

describe('the test of the examples', () => {
  it('sees output, exit statuses and wildcards', async () => {
    const markdown =
      '```console\n$ echo one; echo two >&2\none\ntwo\n$ cd /; pwd\n/\n$ pwd; false\n/\n[exit 1]\n$ echo a7b\na[..]b\n```\n'
    const run = await runIn(parseTranscript(markdown))
    expect(run.map(({ expected, actual }) => outputMatches(expected, actual))).toEqual([true, true, true, true])
    expect(outputMatches(['a', '...', 'z'], ['a', 'b', 'c', 'z'])).toBe(true)
    expect(outputMatches(['a', '...', 'z'], ['a', 'b'])).toBe(false)
    expect(outputMatches(['one'], ['one', 'two'])).toBe(false)
  })

  it('writes what was really printed', async () => {
    const markdown = 'Say:\n```console\n$ echo two\none\n$ true\n```\n'
    expect(updatedTranscript(markdown, await runIn(parseTranscript(markdown)))).toBe(markdown.replace('\none', '\ntwo'))
  })
})

async function runIn(steps: ReturnType<typeof parseTranscript>) {
  const root = mkdtempSync(join(tmpdir(), 'jzfs-example-'))
  const cwd = join(root, 'work')
  mkdirSync(cwd)
  const env = {
    PATH: [join(CHECKOUT, 'scripts'), join(CHECKOUT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    HOME: root,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    JZFS_HOME: join(root, 'home'),
    JZFS_AUTHOR_NAME: 'Ada',
    JZFS_AUTHOR_EMAIL: 'ada@example.org',
    SOURCE_DATE_EPOCH: '1767225600',
  }
  try {
    return await runTranscript(steps, { cwd, env })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
