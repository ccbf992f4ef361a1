import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { homeOf, oursSnapshot, type Bench } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { timeCommands } from '../measure.ts'
import type { Contender, Row } from '../row.ts'
import { git, jzfs, runQuietly } from '../tools.ts'

const COMMITS = 100

/** The first collection after many commits, one in ten of them on a branch that was deleted: both tools' repositories as they came to be. */
export function firstCollection(bench: Bench): Row {
  const template = join(bench.directory, 'collected')
  const copies = join(bench.directory, 'copies')
  let copied = 0
  const copyOf = (folder: '.git' | '.jzfs'): string => {
    const copy = join(copies, String(copied++))
    mkdirSync(copy, { recursive: true })
    cpSync(join(template, folder), join(copy, folder), { recursive: true, preserveTimestamps: true })
    return copy
  }
  const ours: Contender = {
    label: 'jzfs',
    run: () => timeCommands([jzfs(copyOf('.jzfs'), homeOf(bench), 'gc', ...NOW)], { durable: true }),
  }
  const gitCollection = {
    label: 'git gc --prune=now',
    atMost: 0.2,
    run: () => timeCommands([git(copyOf('.git'), ...EXPIRED, 'gc', '-q', '--prune=now')], { durable: true }),
  }
  return {
    work: 'first gc after 100 commits of 1,000 × 1 KiB, a tenth of it garbage',
    ours,
    others: [gitCollection],
    peakAtMostBytes: 300 << 20,
    prepare: () => commitAndForget(template, bench),
    dispose: () => discard(template, copies),
  }
}

const NOW = ['--prune=now', '--expire=now']
const EXPIRED = ['-c', 'gc.reflogExpire=now', '-c', 'gc.reflogExpireUnreachable=now']

function commitAndForget(path: string, bench: Bench): void {
  const inOurs = (...args: string[]) => runQuietly(jzfs(path, homeOf(bench), ...args))
  const inGit = (...args: string[]) => runQuietly(git(path, ...args))
  mkdirSync(path, { recursive: true })
  inGit('init', '-q', '-b', 'main')
  writeFileSync(join(path, '.git', 'info', 'exclude'), '.jzfs\n')
  inOurs('init')
  for (let number = 0; number < COMMITS; number++) {
    const isGarbage = number % 10 === 9
    if (isGarbage) for (const run of [inOurs, inGit]) run('switch', '-q', '-c', 'aside')
    writeFolder(join(path, `folder-${number}`), number, 1000 / bench.scale)
    for (const command of oursSnapshot(path, bench)) runQuietly(command)
    inGit('add', '-A')
    inGit('commit', '-qm', 'bench')
    if (!isGarbage) continue
    // Each takes its own files away and leaves the other's: the second finds them gone.
    inOurs('switch', '-q', 'main')
    inGit('switch', '-qf', 'main')
    for (const run of [inOurs, inGit]) run('branch', '-D', 'aside')
  }
}

function writeFolder(path: string, seed: number, count: number): void {
  mkdirSync(path)
  for (let number = 0; number < count; number++) {
    writeFileSync(join(path, `file-${number}.bin`), seededBytes(1024, seed * 1000 + number + 1))
  }
}
