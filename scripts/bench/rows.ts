import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { bigFile, discard, seededBytes, smallFiles, writeDurably } from './dataset.ts'
import { timeCommands, watchPeak, type CommandLine, type Run } from './measure.ts'
import type { Contender, Row } from './row.ts'
import { bareNode, git, initKubo, jzfs, kubo, runQuietly, startDaemon, type RunningDaemon } from './tools.ts'

const MEBIBYTE = 1 << 20
const PEAK = 250 * MEBIBYTE

/** Where the bench works, and the Kubo binary where there is one. */
export interface Bench {
  directory: string
  kubo: string | undefined
  /** Divides the sizes, for a trial run. */
  scale: number
}

interface Folder {
  path: string
  /** One file of it, and a size to rewrite it with. */
  sample: { path: string; sizeBytes: number }
}

/** Every row of the table. */
export function allRows(bench: Bench): Row[] {
  const { directory, scale } = bench
  const small = folder(
    () => smallFiles(join(directory, 'small'), { count: 20_000 / scale, sizeBytes: 4096, folders: 100 }),
    'folder-0000/file-000000.bin',
    4096,
    join(directory, 'small'),
  )
  const big = folder(
    () => bigFile(join(directory, 'big'), Math.floor(1024 / scale) * MEBIBYTE),
    'big.bin',
    0,
    join(directory, 'big'),
  )
  const many = folder(
    () => smallFiles(join(directory, 'many'), { count: 100_000 / scale, sizeBytes: 1024, folders: 500 }),
    'folder-0000/file-000000.bin',
    1024,
    join(directory, 'many'),
  )
  return [
    firstSnapshot(bench, '20,000 × 4 KiB: add + commit', small, { git: 0.4, kubo: 0.4 }),
    firstSnapshot(
      bench,
      '1 GiB: add + commit',
      big,
      { git: 0.15, kubo: 0.8, disk: 1.3 },
      Math.floor(1024 / scale) * MEBIBYTE,
    ),
    firstSnapshot(bench, '100,000 × 1 KiB: add + commit', many, {}),
    unchanged(bench, 'status, 20,000 files, nothing changed', small, ['status'], 8),
    unchanged(bench, 'status, 100,000 files, nothing changed', many, ['status'], 5),
    unchanged(bench, 'add ., 20,000 files, nothing changed', small, ['add', '.'], 8),
    unchanged(bench, 'add ., 100,000 files, nothing changed', many, ['add', '.'], 5),
    oneChanged(bench, small),
    ...startUps(bench),
    cloneRow(bench, 'clone of 20,000 × 4 KiB', small, 0.6),
    cloneRow(bench, 'clone of 1 GiB', big),
    cloneRow(bench, 'clone of 100,000 × 1 KiB', many),
  ]
}

function folder(make: () => string, sample: string, sizeBytes: number, path: string): () => Folder {
  return () => {
    make()
    return { path, sample: { path: join(path, sample), sizeBytes } }
  }
}

function homeOf(bench: Bench): string {
  return join(bench.directory, 'home')
}

function clean(path: string, bench: Bench): void {
  discard(join(path, '.jzfs'), join(path, '.git'), join(bench.directory, 'ipfs'))
}

function oursSnapshot(path: string, bench: Bench): CommandLine[] {
  const run = (...args: string[]) => jzfs(path, homeOf(bench), ...args)
  return [run('add', '.'), run('commit', '-m', 'bench')]
}

function firstSnapshot(
  bench: Bench,
  work: string,
  make: () => Folder,
  atMost: { git?: number; kubo?: number; disk?: number },
  diskBytes?: number,
): Row {
  let data: Folder
  const ours: Contender = {
    label: 'jzfs',
    run: () => {
      clean(data.path, bench)
      runQuietly(jzfs(data.path, homeOf(bench), 'init'))
      return timeCommands(oursSnapshot(data.path, bench), { durable: true })
    },
  }
  const gitSnapshot: Contender & { atMost?: number } = {
    label: 'git',
    ...(atMost.git === undefined ? {} : { atMost: atMost.git }),
    run: () => {
      clean(data.path, bench)
      runQuietly(git(data.path, 'init', '-q'))
      return timeCommands([git(data.path, 'add', '-A'), git(data.path, 'commit', '-qm', 'bench')], { durable: true })
    },
  }
  return {
    work,
    ours,
    others: [gitSnapshot, ...kuboAdd(bench, () => data.path, atMost.kubo), ...diskWrite(bench, diskBytes, atMost.disk)],
    peakAtMostBytes: PEAK,
    prepare: () => void (data = make()),
    dispose: () => clean(data.path, bench),
  }
}

function kuboAdd(bench: Bench, path: () => string, atMost: number | undefined): (Contender & { atMost?: number })[] {
  const { kubo: binary } = bench
  if (binary === undefined) return []
  const repository = join(bench.directory, 'ipfs')
  return [
    {
      label: 'ipfs add -r',
      ...(atMost === undefined ? {} : { atMost }),
      run: () => {
        clean(path(), bench)
        initKubo(binary, repository)
        return timeCommands([kubo(binary, path(), repository, 'add', '-r', '-Q', '--hidden', '--offline', '.')], {
          durable: true,
        })
      },
    },
  ]
}

function diskWrite(
  bench: Bench,
  sizeBytes: number | undefined,
  atMost: number | undefined,
): (Contender & { atMost?: number })[] {
  if (sizeBytes === undefined) return []
  const file = join(bench.directory, 'disk.bin')
  const run = async (): Promise<Run> => {
    discard(file)
    runQuietly({ argv: ['sync'], cwd: bench.directory })
    const started = process.hrtime.bigint()
    writeDurably(file, sizeBytes)
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    discard(file)
    return { seconds, peakBytes: 0 }
  }
  return [{ label: 'the disk, write + fsync', ...(atMost === undefined ? {} : { atMost }), run }]
}

/** Both tools have committed the folder; then the command finds nothing to do. */
function unchanged(bench: Bench, work: string, make: () => Folder, args: string[], atMost: number): Row {
  let data: Folder
  return {
    work,
    ours: { label: 'jzfs', run: () => timeCommands([jzfs(data.path, homeOf(bench), ...args)]) },
    others: [{ label: 'git status', atMost, run: () => timeCommands([git(data.path, 'status')]) }],
    prepare: () => {
      data = make()
      commitInBoth(data.path, bench)
    },
    dispose: () => clean(data.path, bench),
  }
}

function commitInBoth(path: string, bench: Bench): void {
  clean(path, bench)
  runQuietly(git(path, 'init', '-q'))
  writeFileSync(join(path, '.git', 'info', 'exclude'), '.jzfs\n')
  runQuietly(git(path, 'add', '-A'))
  runQuietly(git(path, 'commit', '-qm', 'bench'))
  runQuietly(jzfs(path, homeOf(bench), 'init'))
  for (const command of oursSnapshot(path, bench)) runQuietly(command)
  runQuietly(git(path, 'status'))
  runQuietly(jzfs(path, homeOf(bench), 'status'))
}

function oneChanged(bench: Bench, make: () => Folder): Row {
  const { kubo: binary } = bench
  const repository = join(bench.directory, 'ipfs')
  let data: Folder
  let round = 0
  const change = () => writeFileSync(data.sample.path, seededBytes(data.sample.sizeBytes, 1_000_000 + round++))
  const others: Row['others'] = []
  if (binary !== undefined) {
    const again = (): CommandLine =>
      kubo(binary, data.path, repository, 'add', '-r', '-Q', '--hidden', '--offline', '.')
    others.push({
      label: 'ipfs add -r',
      atMost: 0.15,
      run: () => {
        change()
        return timeCommands([again()], { durable: true })
      },
    })
  }
  others.push({
    label: 'git',
    run: () => {
      change()
      return timeCommands([git(data.path, 'add', '-A'), git(data.path, 'commit', '-qm', 'bench')], { durable: true })
    },
  })
  return {
    work: 'one of 20,000 files changed: add + commit',
    ours: {
      label: 'jzfs',
      run: () => {
        change()
        return timeCommands(oursSnapshot(data.path, bench), { durable: true })
      },
    },
    others,
    prepare: () => {
      data = make()
      commitInBoth(data.path, bench)
      if (binary === undefined) return
      initKubo(binary, repository)
      runQuietly(kubo(binary, data.path, repository, 'add', '-r', '-Q', '--hidden', '--offline', '.'))
    },
    dispose: () => clean(data.path, bench),
  }
}

function startUps(bench: Bench): Row[] {
  const path = join(bench.directory, 'tiny')
  const prepare = () => {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'a.txt'), 'a\n')
    clean(path, bench)
    runQuietly(jzfs(path, homeOf(bench), 'init'))
    for (const command of oursSnapshot(path, bench)) runQuietly(command)
  }
  const row = (work: string, args: string[], atMost: number): Row => ({
    work,
    ours: { label: 'jzfs', run: () => timeCommands([jzfs(path, homeOf(bench), ...args)]) },
    others: [{ label: 'node -e 0', atMost, run: () => timeCommands([bareNode(path)]) }],
    prepare,
  })
  return [row('jzfs --version', ['--version'], 3), row('jzfs status in a small repository', ['status'], 4)]
}

/** From a daemon that shares the folder into a new directory, with a daemon at the cloner and without; git from a file:// repository. */
function cloneRow(bench: Bench, work: string, make: () => Folder, atMost?: number): Row {
  const there = join(bench.directory, 'home-of-source')
  const here = join(bench.directory, 'home-of-cloner')
  // Each into a new folder, all deleted at the end: a file system is slow where much was deleted just before.
  const clones = join(bench.directory, 'clones')
  let cloned = 0
  const newTarget = (): string => join(clones, String(cloned++))
  let data: Folder
  let daemons: RunningDaemon[] = []
  let name = ''
  const clone = async (home: string): Promise<Run> => {
    const target = newTarget()
    const watched = daemons.map((daemon) => watchPeak(daemon))
    const run = await timeCommands(
      [jzfs(bench.directory, home, 'clone', `ipns://${name}`, target, '--peer', daemons[0]!.address)],
      { durable: true },
    )
    return { seconds: run.seconds, peakBytes: Math.max(run.peakBytes, ...watched.map((watch) => watch.stop())) }
  }
  const gitClone = () => {
    return timeCommands([git(bench.directory, 'clone', '-q', `file://${data.path}`, newTarget())], { durable: true })
  }
  return {
    work: `${work}, both daemons up`,
    ours: { label: 'jzfs', run: () => clone(here) },
    others: [
      { label: 'git clone file://', ...(atMost === undefined ? {} : { atMost }), run: gitClone },
      { label: 'jzfs with no daemon at the cloner', run: () => clone(join(bench.directory, 'home-without-daemon')) },
    ],
    peakAtMostBytes: PEAK,
    prepare: async () => {
      data = make()
      mkdirSync(clones)
      commitInBoth(data.path, bench)
      name = (JSON.parse(runQuietly(jzfs(data.path, there, 'publish', '--json'))) as { name: string }).name
      daemons = [await startDaemon(there), await startDaemon(here)]
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      clean(data.path, bench)
      discard(clones, there, here, join(bench.directory, 'home-without-daemon'))
    },
  }
}
