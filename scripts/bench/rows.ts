import { join } from 'node:path'

import type { Bench, Folder } from './bench.ts'
import { bigFile, smallFiles } from './dataset.ts'
import type { Row } from './row.ts'
import { cloneRow } from './rows/clone.ts'
import { fetchRow } from './rows/fetch.ts'
import { firstSnapshot } from './rows/first-snapshot.ts'
import { followedNamesRow } from './rows/followed-names.ts'
import { firstCollection } from './rows/gc.ts'
import { looking } from './rows/looking.ts'
import { oneChanged } from './rows/one-changed.ts'
import { pullRow } from './rows/pull.ts'
import { pushRow } from './rows/push.ts'
import { startUps } from './rows/start-ups.ts'
import { tenPeersRow } from './rows/ten-peers.ts'
import { twoBranches } from './rows/two-branches.ts'
import { unchanged } from './rows/unchanged.ts'

const MEBIBYTE = 1 << 20

/** Every row of the table. */
export function allRows(bench: Bench): Row[] {
  const { directory, scale } = bench
  const small = folder(
    () => smallFiles(join(directory, 'small'), { count: 20_000 / scale, sizeBytes: 4096, folders: 100 }),
    'folder-0000/file-000000.bin',
    4096,
    join(directory, 'small'),
  )
  const bigBytes = Math.floor(1024 / scale) * MEBIBYTE
  const big = folder(() => bigFile(join(directory, 'big'), bigBytes), 'big.bin', 0, join(directory, 'big'))
  const many = folder(
    () => smallFiles(join(directory, 'many'), { count: 100_000 / scale, sizeBytes: 1024, folders: 500 }),
    'folder-0000/file-000000.bin',
    1024,
    join(directory, 'many'),
  )
  return [
    firstSnapshot(bench, '20,000 × 4 KiB: add + commit', small, { git: 0.4, kubo: 0.4 }),
    firstSnapshot(bench, '1 GiB: add + commit', big, { git: 0.15, kubo: 0.8, disk: 1.3 }, bigBytes),
    firstSnapshot(bench, '100,000 × 1 KiB: add + commit', many, {}),
    unchanged(bench, 'status, 20,000 files, nothing changed', small, ['status'], 8),
    unchanged(bench, 'status, 100,000 files, nothing changed', many, ['status'], 5),
    unchanged(bench, 'add ., 20,000 files, nothing changed', small, ['add', '.'], 8),
    unchanged(bench, 'add ., 100,000 files, nothing changed', many, ['add', '.'], 5),
    oneChanged(bench, small),
    ...startUps(bench),
    cloneRow(bench, 'clone of 20,000 × 4 KiB', small, { over: 'libp2p', atMost: 0.5 }),
    cloneRow(bench, 'clone of 1 GiB', big, { over: 'libp2p', atMost: 0.25, fileBytes: bigBytes }),
    cloneRow(bench, 'clone of 1 GiB', big, { over: 'HTTP', atMost: 0.2, fileBytes: bigBytes }),
    cloneRow(bench, 'clone of 100,000 × 1 KiB', many, { over: 'libp2p' }),
    pushRow(bench, 'push of 20,000 × 4 KiB to an empty peer', small, 0.5),
    pushRow(bench, 'push of 1 GiB to an empty peer', big, 0.5),
    pullRow(bench, small),
    fetchRow(bench),
    tenPeersRow(bench, small),
    followedNamesRow(bench),
    ...twoBranches(bench),
    ...looking(bench),
    firstCollection(bench),
  ]
}

function folder(make: () => string, sample: string, sizeBytes: number, path: string): () => Folder {
  return () => {
    make()
    return { path, sample: { path: join(path, sample), sizeBytes } }
  }
}
