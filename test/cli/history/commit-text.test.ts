import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { readCommitFormat, isSeparated } from '../../../src/cli/history/commit-format.ts'
import { type CommitStyle, renderCommit, type ShownCommit } from '../../../src/cli/history/commit-text.ts'
import { createGraphDrawing } from '../../../src/cli/history/graph-drawing.ts'
import { writeLog } from '../../../src/cli/history/log-writer.ts'
import { shortenCid } from '../../../src/model/cid-text.ts'
import { type Commit, encodeCommit } from '../../../src/model/commit/commit.ts'
import type { DateStyle } from '../../../src/model/commit/date-style.ts'
import { dateOf } from '../../../src/model/commit/date.ts'
import { readPlainCommit } from '../../../src/model/commit/plain-commit.ts'
import { EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import { JzfsError } from '../../../src/model/errors.ts'

const MESSAGES = [
  'first\n',
  'subject over\ntwo lines\n\nbody\n\n\tindented with a tab\n  a\tb\n',
  'no body and no line feed at the end',
  '\n\n  leading lines, spaces  \n\nrest   \n\n\n',
  'merge: of %s and %n\n',
  'last, with “quotes” and/or slashes...\n\nb\n',
]
const PARENTS = [[], [0], [1], [1], [2, 3], [4]]
const OFFSETS = [0, 60, -330, 345, 0, -720]
const NOW = new Date('2026-06-01T00:00:00Z')
const seconds = (at: number) => 1_767_225_600 + at * 100_000

/** The same commits as blocks and in git, newest first. */
function pairCommits() {
  const cids: CID[] = []
  const shown: ShownCommit[] = []
  const stream: string[] = []
  for (const [at, message] of MESSAGES.entries()) {
    const offset = OFFSETS[at] as number
    const person = (name: string, later: number) => ({
      name,
      email: `${name.toLowerCase()}@example.org`,
      date: dateOf(new Date((seconds(at) + later) * 1000), offset),
    })
    const commit: Commit = {
      tree: EMPTY_DIRECTORY.cid,
      parents: (PARENTS[at] as number[]).map((parent) => cids[parent] as CID),
      author: person('Ada', 0),
      committer: person('Charles B', 50),
      message,
    }
    const { cid, bytes } = encodeCommit(commit)
    cids.push(cid)
    const decorations = at === 5 ? [{ ref: 'HEAD', branch: 'refs/heads/main' }, { ref: 'refs/tags/v1' }] : []
    shown.unshift({ id: cid.toString(), commit: readPlainCommit(cid.toString(), bytes), decorations })
    stream.push(importCommit(at, commit, offset))
  }
  stream.push('reset refs/tags/v1', 'from :6', '')
  return { shown, cids, stream: stream.join('\n') }
}

function importCommit(at: number, { author, committer, message }: Commit, offset: number): string {
  const zone = `${offset < 0 ? '-' : '+'}${String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')}${String(Math.abs(offset) % 60).padStart(2, '0')}`
  const [first, ...others] = PARENTS[at] as number[]
  return [
    'commit refs/heads/main',
    `mark :${at + 1}`,
    `author ${author.name} <${author.email}> ${seconds(at)} ${zone}`,
    `committer ${committer.name} <${committer.email}> ${seconds(at) + 50} ${zone}`,
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(first === undefined ? [] : [`from :${first + 1}`]),
    ...others.map((parent) => `merge :${parent + 1}`),
    '',
  ].join('\n')
}

const { shown, cids, stream } = pairCommits()

const repository = mkdtempSync(join(tmpdir(), 'jzfs-git-'))
let hashes: string[] = []

function git(words: string[], input?: string): string {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TEST_DATE_NOW: String(NOW.getTime() / 1000),
  }
  return execFileSync('git', words, { cwd: repository, input, encoding: 'utf8', env })
}

beforeAll(() => {
  git(['init', '-q', '-b', 'main'])
  git(['fast-import', '--quiet'], stream)
  hashes = git(['rev-list', '--reverse', '--date-order', 'main']).trimEnd().split('\n')
})
afterAll(() => rmSync(repository, { recursive: true }))

function gitLog(args: string[]): string {
  const text = git(['log', '--abbrev=40', '--topo-order', ...args, 'main'])
  return text.replaceAll(/[0-9a-f]{40}/g, (hash) => `<${hashes.indexOf(hash)}>`)
}

async function ourLog(format: string, options: Partial<CommitStyle> & { graph?: boolean } = {}): Promise<string> {
  const style: CommitStyle = {
    terminal: { color: false },
    format: readCommitFormat(format),
    date: undefined,
    now: NOW,
    decorate: undefined,
    abbreviate: false,
    ...options,
  }
  let text = ''
  const terminal = {
    interactive: false,
    out: async (piece: string | Uint8Array) => {
      text += String(piece)
    },
  }
  const separated = isSeparated(style.format)
  const graph = options.graph ? createGraphDrawing((piece) => piece, { gap: separated }) : undefined
  await writeLog(terminal, { isSeparated: separated, graph }, async (write) => {
    for (const each of shown) {
      const node = { id: each.id, parents: each.commit.parents }
      await write(node, renderCommit(each, style))
    }
  })
  for (const [at, cid] of cids.entries()) {
    text = text.replaceAll(cid.toString(), `<${at}>`).replaceAll(shortenCid(cid), `<${at}>`)
  }
  return text
}

describe('commits are shown as git shows them', () => {
  it.each(['oneline', 'short', 'medium', 'full', 'fuller', 'reference'])('in the format %s', async (format) => {
    expect(await ourLog(format)).toBe(gitLog([`--format=${format}`]))
    expect(await ourLog(format, { decorate: 'short' })).toBe(gitLog([`--format=${format}`, '--decorate']))
    expect(await ourLog(format, { decorate: 'full' })).toBe(gitLog([`--format=${format}`, '--decorate=full']))
  })

  it.each(['oneline', 'short', 'medium', 'fuller', '%h %s', '%h%n%b'])(
    'in the format %s with a graph',
    async (format) => {
      expect(await ourLog(format, { graph: true })).toBe(gitLog(['--graph', `--format=${format}`]))
    },
  )

  it.each([
    '%H|%h|%P|%p',
    '%an|%ae|%al|%cn|%ce|%cl|%aN|%cE',
    '%ad|%aD|%ar|%at|%ai|%aI|%as|%cd|%cD|%cr|%ct|%ci|%cI|%cs',
    '%s|%f|%b|%B',
    '%d|%D',
    '%n%%%x41%z%',
    'format:%h %s',
    '',
    'tformat:%h %s',
    '%C(red)%h%Creset%C(bold blue) %s%C(reset)',
    '%m|%gd|%gs|%N|%e|%G?',
    '%<(20)%s|%>(30)%an|%>>(8)%an|%><(13)%cn|%<(8,trunc)%s|%<(9,ltrunc)%s|%<(9,mtrunc)%s|%h',
    '%s%+b|%s% b|%-b|',
    '%<(x)%s|%w(a)|%(nothing)|%q',
  ])('by the template %s', async (format) => {
    expect(await ourLog(format)).toBe(gitLog([`--format=${format}`]))
  })

  it.each(['%w(20,2,4)%s', '%w(0,1,2)%b%w()%s', '%w(30)%s'])('wrapped by %s', async (format) => {
    const trimmed = (text: string) => text.replaceAll(/ +$/gm, '')
    expect(trimmed(await ourLog(format))).toBe(trimmed(gitLog([`--format=${format}`])))
  })

  it.each(['%F %T %z|%a %A %b %B|%e|%j|%y|%I %p|%%|%s', '%c|%D|%R|%x|%X|%u %w'])(
    'with dates by the template %s',
    async (template) => {
      const date = { form: { template } }
      expect(await ourLog('%ad', { date })).toBe(gitLog(['--format=%ad', `--date=format:${template}`]))
    },
  )

  it.each(['default', 'human', 'iso', 'iso-strict', 'raw', 'relative', 'rfc', 'short', 'unix'] satisfies DateStyle[])(
    'with dates in the style %s',
    async (date) => {
      expect(await ourLog('medium', { date })).toBe(gitLog([`--date=${date}`]))
      expect(await ourLog('%ad|%cd', { date })).toBe(gitLog(['--format=%ad|%cd', `--date=${date}`]))
    },
  )
})

describe('a format that does not exist', () => {
  it.each(['nice', '%C(pinkish)%h'])('%s is a usage error', async (format) => {
    await expect(ourLog(format)).rejects.toSatisfy((error) => error instanceof JzfsError && error.code === 'usage')
  })
})
