import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createRandom } from '../../../support/random.ts'

/** Three versions of a text. */
export interface TextTriple {
  base: string
  ours: string
  theirs: string
}

/** What generated texts are like. */
export interface TripleShape {
  seed: number
  count: number
  /** How many different lines there are; undefined: no line is there twice. */
  distinct?: number
  /** Whether lines are moved as well. */
  moves?: boolean
  ending?: string
}

/** Generates texts that both sides edit; some edits are the same on both sides. */
export function makeTriples({ seed, count, distinct, moves = false, ending = '\n' }: TripleShape): TextTriple[] {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  let fresh = 0
  const line = () => (distinct === undefined ? `line ${fresh++}${ending}` : `word ${below(distinct)}${ending}`)
  const edited = (before: readonly string[]) => {
    const lines = [...before]
    for (let edits = 1 + below(4); edits > 0; edits--) {
      const [at, length] = [below(lines.length + 1), 1 + below(4)]
      const kind = below(moves ? 4 : 3)
      const removed = kind === 0 ? [] : lines.splice(at, length)
      if (kind === 3) lines.splice(below(lines.length + 1), 0, ...removed)
      else if (kind !== 1) lines.splice(at, 0, ...Array.from({ length: 1 + below(4) }, line))
    }
    return lines
  }
  const text = (lines: readonly string[]) => (below(8) === 0 ? lines.join('').slice(0, -ending.length) : lines.join(''))
  return Array.from({ length: count }, () => {
    const base = Array.from({ length: below(40) }, line)
    const ours = edited(base)
    const theirs = edited(below(3) === 0 ? ours : base)
    return { base: text(base), ours: text(ours), theirs: text(theirs) }
  })
}

/** What `git merge-file` makes of texts. */
export function mergeFileOfGit(folder: string, texts: TextTriple, args: readonly string[] = []) {
  const names = (['ours', 'base', 'theirs'] as const).map((side) => {
    writeFileSync(join(folder, side), texts[side])
    return join(folder, side)
  })
  const labels = ['-L', 'ours', '-L', 'base', '-L', 'theirs']
  const { status, stdout } = spawnSync('git', ['merge-file', '-p', ...labels, ...args, ...names])
  return { bytes: stdout, conflicts: status ?? -1 }
}

/** What `git merge` makes of many texts at once, as files of two branches. */
export function mergeOfGit(folder: string, triples: readonly TextTriple[]): Buffer[] {
  const run = (args: string[], input = '') =>
    spawnSync('git', ['-C', folder, ...args], { input, maxBuffer: 1 << 28 }).stdout
  const commit = (mark: number, side: keyof TextTriple) => [
    `commit refs/heads/${side}\nmark :${mark}\ncommitter A <a@x> 1700000000 +0000\ndata 0`,
    ...(mark === 1 ? [] : ['from :1']),
    ...triples.map((texts, at) => `M 100644 inline f${at}\ndata ${Buffer.byteLength(texts[side])}\n${texts[side]}`),
    '',
  ]
  run(['init', '-q', '--bare'])
  run(['fast-import', '--quiet'], [...commit(1, 'base'), ...commit(2, 'ours'), ...commit(3, 'theirs')].join('\n'))
  const tree = run(['merge-tree', '--write-tree', 'ours', 'theirs']).toString().split('\n')[0]
  const listed = run(['cat-file', '--batch'], triples.map((_, at) => `${tree}:f${at}\n`).join(''))
  const merged: Buffer[] = []
  for (let at = 0; at < listed.length;) {
    const start = listed.indexOf(10, at) + 1
    const size = Number(listed.subarray(at, start).toString().split(' ')[2])
    merged.push(listed.subarray(start, start + size))
    at = start + size + 1
  }
  return merged
}
