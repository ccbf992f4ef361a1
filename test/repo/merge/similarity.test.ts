import { spawnSync } from 'node:child_process'

import { expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { createSimilarity } from '../../../src/repo/merge/similarity.ts'
import type { RenameSide } from '../../../src/repo/renames/find-renames.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Side extends RenameSide {
  bytes: Buffer
}

const sideOf = (path: string, bytes: Buffer): Side => {
  return { path, bytes, kind: 'file', size: bytes.length, contentCid: cidOf(RAW, bytes) }
}

let reads = 0
const estimate = createSimilarity<Side>({
  async *read({ bytes }) {
    reads++
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  },
})

/** A text, and what an editor made of it who kept about so much. */
function makePair(seed: number): { before: Buffer; after: Buffer } {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const longest = [20, 60, 300][below(3)] as number
  const line = () => `${Array.from({ length: 1 + below(longest / 4) }, () => below(5000).toString(36)).join(' ')}\n`
  const lines = Array.from({ length: 20 + below(200) }, line)
  const kept = random()
  const edited = lines.flatMap((each) => (random() < kept ? [each] : below(2) === 0 ? [] : [line()]))
  if (below(3) === 0) edited.push(...Array.from({ length: below(50) }, line))
  const ending = below(4) === 0 ? '\r\n' : '\n'
  const text = (all: string[], end: string) => Buffer.from(all.join('').replaceAll('\n', end))
  return { before: text(lines, '\n'), after: text(edited, ending) }
}

/** Git's estimate for each pair, in percent. */
function scoresOfGit(pairs: readonly { before: Buffer; after: Buffer }[]): (number | undefined)[] {
  const folder = temporaryFolder()
  const run = (args: string[], input = '') => spawnSync('git', ['-C', folder, ...args], { input, maxBuffer: 1 << 28 })
  const file = (path: string, bytes: Buffer) => `M 100644 inline ${path}\ndata ${bytes.length}\n${bytes.toString()}`
  const header = (mark: number) => `commit refs/heads/x\nmark :${mark}\ncommitter A <a@x> 1700000000 +0000\ndata 0\n`
  const stream = pairs.map(({ before, after }, at) => {
    const first = `${header(2 * at + 1)}deleteall\n${file('before', before)}\n`
    return `${first}${header(2 * at + 2)}deleteall\n${file('after', after)}\n`
  })
  run(['init', '-q', '--bare'])
  run(['fast-import', '--quiet'], stream.join(''))
  const log = run(['log', '--reverse', '--format=', '-M1%', '--raw', 'x']).stdout.toString().trim().split('\n')
  const scores: (number | undefined)[] = []
  let pair = -1
  for (const line of log) {
    if (line.endsWith('\tbefore') && line.includes(' A\t')) pair++
    const score = / R(\d+)\tbefore\tafter$/.exec(line)?.[1]
    const back = / R\d+\tafter\tbefore$/.test(line)
    if (score !== undefined) scores[pair] = Number(score)
    if (back) pair++
  }
  return pairs.map((_, at) => scores[at])
}

test('is as git has it', async () => {
  const pairs = Array.from({ length: 120 }, (_, seed) => makePair(seed)).filter(({ after }) => after.length > 0)
  const scores = scoresOfGit(pairs)
  const differences: unknown[] = []
  for (const [at, { before, after }] of pairs.entries()) {
    const ours = Math.floor(100 * (await estimate(sideOf('before', before), sideOf('after', after), 0.01)))
    if (Math.abs(ours - (scores[at] ?? 0)) > 0) differences.push({ at, ours, git: scores[at] })
  }
  expect(differences).toEqual([])
  expect(new Set(scores).size).toBeGreaterThan(50)
})

test('what sizes decide is not read, what is read is read once, and what is no text is like no other', async () => {
  const [small, large] = [sideOf('a', Buffer.from('a\n')), sideOf('b', Buffer.alloc(1000, 'a\n'))]
  const [binary, like] = [sideOf('c', Buffer.alloc(1000)), sideOf('d', Buffer.alloc(999, 'a\n'))]
  reads = 0
  expect(await estimate(small, large, 0.5)).toBe(0)
  expect(reads).toBe(0)
  expect(await estimate(binary, large, 0.5)).toBe(0)
  expect(await estimate(like, large, 0.5)).toBeCloseTo(0.999)
  expect(await estimate(like, large, 0.5)).toBeCloseTo(0.999)
  expect(reads).toBe(3)
})
