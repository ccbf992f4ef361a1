import { join } from 'node:path'

import { homeOf, type Bench } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { makeGitHistory, makeOurHistory, type SketchedHistory } from '../history.ts'
import { timeCommands } from '../measure.ts'
import type { Row } from '../row.ts'
import { expectLines, git, jzfs, linesOf } from '../tools.ts'

/** Commands that read history: the same one with both tools, over the same generated history. */
export function looking(bench: Bench): Row[] {
  const { scale } = bench
  const long = longHistory(10_000 / scale)
  const [revisions, lines] = [200, 5000]
  return [
    look(bench, {
      work: 'log of 10,000 commits',
      history: long,
      args: ['log'],
      atMost: 5,
      checked: { args: ['log', '--format=%s'] },
    }),
    look(bench, {
      work: 'log -- PATH over 10,000 commits of 1,000 files in 100 folders',
      history: long,
      args: ['log', '--', PATH],
      atMost: 5,
      checked: { args: ['log', '--format=%s', '--', PATH] },
    }),
    look(bench, {
      work: 'blame of a 5,000-line file with 200 commits',
      history: textHistory(revisions, lines),
      // Of a revision: the histories have no files.
      args: ['blame', 'main', '--', 'text/file'],
      atMost: 3,
      checked: { args: ['blame', '--line-porcelain', 'main', '--', 'text/file'], counts: isContent },
    }),
    look(bench, {
      work: 'diff --name-status of two commits of 1,000,000 files that differ in 10',
      history: hugeHistory(1_000_000 / scale),
      args: ['diff', '--name-status', 'before', 'main'],
      overStartUpSeconds: 0.06,
    }),
  ]
}

/** A file that the history changes ten times. */
const PATH = 'folder-042/file-0442'

function isContent(line: string): boolean {
  return line.startsWith('\t')
}

/** A command that is run with both tools in the same history. */
interface Look {
  work: string
  history: SketchedHistory
  args: string[]
  atMost?: number
  overStartUpSeconds?: number
  /** What both must print alike, at least on the lines that count. Default: what is timed. */
  checked?: { args: string[]; counts?: (line: string) => boolean }
}

function look(bench: Bench, { work, history, args, atMost, overStartUpSeconds, checked = { args } }: Look): Row {
  const [ours, theirs] = [join(bench.directory, 'history'), join(bench.directory, 'history-git')]
  const gitLook = { label: `git ${args[0]}`, run: () => timeCommands([git(theirs, ...args)]) }
  const others: Row['others'] = [{ ...gitLook, ...(atMost !== undefined && { atMost }) }]
  if (overStartUpSeconds !== undefined) {
    const run = () => timeCommands([jzfs(ours, homeOf(bench), '--version')])
    others.push({ label: 'jzfs --version', overAtMostSeconds: overStartUpSeconds, run })
  }
  return {
    work,
    ours: { label: 'jzfs', run: () => timeCommands([jzfs(ours, homeOf(bench), ...args)]) },
    others,
    peakAtMostBytes: 300 << 20,
    prepare: async () => {
      await Promise.all([makeOurHistory(ours, history), makeGitHistory(theirs, history)])
      const { args: alike, counts = () => true } = checked
      expectLines(jzfs(ours, homeOf(bench), ...alike), linesOf(git(theirs, ...alike)).filter(counts), counts)
    },
    dispose: () => discard(ours, theirs),
  }
}

/** A thousand files in a hundred folders; each commit changes one of them. */
function longHistory(count: number): SketchedHistory {
  const path = (number: number) =>
    `folder-${String(number % 100).padStart(3, '0')}/file-${String(number).padStart(4, '0')}`
  return {
    branches: { main: count - 1 },
    *commits() {
      for (let at = 0; at < count; at++) {
        const numbers = at === 0 ? Array.from({ length: 1000 }, (_, number) => number) : [(at * 7919) % 1000]
        yield {
          parents: at === 0 ? [] : [at - 1],
          message: `change ${at}`,
          files: numbers.map((number) => [path(number), seededBytes(100, at * 1000 + number + 1)] as const),
        }
      }
    },
  }
}

/** One text; each commit rewrites some lines at a place of its own, takes some out and puts some in. */
function textHistory(commits: number, count: number): SketchedHistory {
  return {
    branches: { main: commits - 1 },
    *commits() {
      const lines = Array.from({ length: count }, (_, number) => `line ${number} of the first version`)
      for (let at = 0; at < commits; at++) {
        if (at > 0) {
          const place = (at * 7919) % (count - 50)
          lines.splice(place, 20, ...Array.from({ length: 20 }, (_, number) => `line ${number} of version ${at}`))
          const text = lines.splice((at * 104_729) % (count - 50), 5)
          lines.splice((at * 15_485) % (count - 50), 0, ...text.map((line) => `${line}, moved by ${at}`))
        }
        const bytes = Buffer.from(`${lines.join('\n')}\n`)
        yield { parents: at === 0 ? [] : [at - 1], message: `version ${at}`, files: [['text/file', bytes] as const] }
      }
    },
  }
}

/** A thousand folders; the second commit changes ten files. */
function hugeHistory(count: number): SketchedHistory {
  const perFolder = Math.ceil(count / 1000)
  const path = (number: number) =>
    `folder-${String(Math.floor(number / perFolder)).padStart(3, '0')}/file-${String(number).padStart(7, '0')}`
  function* all() {
    for (let number = 0; number < count; number++) yield [path(number), Buffer.from(`${number}\n`)] as const
  }
  const changed = Array.from({ length: 10 }, (_, nth) => (nth * Math.floor(count / 10) + 3) % count)
  return {
    branches: { before: 0, main: 1 },
    *commits() {
      yield { parents: [], message: 'before', files: all() }
      yield {
        parents: [0],
        message: 'after',
        files: changed.map((number) => [path(number), Buffer.from('other\n')] as const),
      }
    },
  }
}
