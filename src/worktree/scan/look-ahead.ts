import { workerUrl } from '../../store/worker-url.ts'
import type { KeptBits } from '../checkout/found-content.ts'
import {
  KIND_DIRECTORY,
  KIND_EXECUTABLE,
  KIND_FILE,
  KIND_MASK,
  KIND_SYMLINK,
  RACY,
  STAGE_MASK,
} from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/** Which files were found to be as an index has them, while something else was done. */
export interface LookAhead {
  /** The index that they were compared with. */
  index: StagingIndex
  /** Whether the stat data of the file at a position was found to be that of the entry. It may become so at any time. */
  hasSeen(position: number): boolean
  /** Lets the thread end. */
  stop(): void
}

/** What the thread is given. Shared memory: it writes `seen` and `modes`, and ends when `isStopped` is not 0. */
export interface PlacesToLookAt {
  /** Absolute path of the working tree, with a final slash. */
  prefix: string
  /** Which bits of a mode count, and what they must be; 0 where only somebody else can tell. */
  modeMask: number
  modes: Uint16Array
  /** As in `IndexColumns`. */
  paths: Uint8Array
  pathStart: Uint32Array
  mtimeNs: BigInt64Array
  ctimeNs: BigInt64Array
  inode: BigInt64Array
  size: Float64Array
  directories: { first: Uint32Array; entries: Uint32Array; pathLength: Uint32Array }
  /** 1 where the stat data is the entry's. */
  seen: Uint8Array
  isStopped: Uint8Array
}

/** With fewer entries a thread is not begun before all is done without it. */
const MANY_ENTRIES = 10_000

const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000
const TYPE_SYMLINK = 0o120000
const OWNER_EXECUTES = 0o100

/**
 * Begins to look at all files of an index in a thread of its own, in shared memory, so that a scan that comes later need
 * not do it (`ScanOptions.hasSeen`). Undefined where there are too few for that to be worth it.
 */
export function lookAhead(
  worktree: string,
  index: StagingIndex,
  keeps: KeptBits,
  fewestEntries = MANY_ENTRIES,
): LookAhead | undefined {
  if (index.count < fewestEntries) return undefined
  const places = placesOf(worktree, index, keeps)
  const threads = process.getBuiltinModule('node:worker_threads')
  const worker = new threads.Worker(workerUrl('worktree/look-ahead-worker'), { workerData: places })
  // Nobody needs what it does: where it cannot go on, whoever comes looks at the files.
  worker.on('error', () => {})
  worker.unref()
  return {
    index,
    hasSeen: (position) => places.seen[position] === 1,
    stop: () => {
      places.isStopped[0] = 1
    },
  }
}

function placesOf(worktree: string, { columns, directories, count }: StagingIndex, keeps: KeptBits): PlacesToLookAt {
  const { first, entries, pathLength } = directories
  return {
    prefix: worktree.endsWith('/') ? worktree : `${worktree}/`,
    modeMask: keeps.executableBit ? TYPE_MASK | OWNER_EXECUTES : TYPE_MASK,
    modes: modesOf(columns.bits, keeps),
    paths: new Uint8Array(sharedBytes(columns.paths)),
    pathStart: new Uint32Array(sharedBytes(columns.pathStart)),
    mtimeNs: new BigInt64Array(sharedBytes(columns.mtimeNs)),
    ctimeNs: new BigInt64Array(sharedBytes(columns.ctimeNs)),
    inode: new BigInt64Array(sharedBytes(columns.inode)),
    size: new Float64Array(sharedBytes(columns.size)),
    directories: {
      first: new Uint32Array(sharedBytes(first)),
      entries: new Uint32Array(sharedBytes(entries)),
      pathLength: new Uint32Array(sharedBytes(pathLength)),
    },
    seen: new Uint8Array(new SharedArrayBuffer(count)),
    isStopped: new Uint8Array(new SharedArrayBuffer(1)),
  }
}

function sharedBytes(array: ArrayBufferView): SharedArrayBuffer {
  const bytes = new SharedArrayBuffer(array.byteLength)
  new Uint8Array(bytes).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return bytes
}

/** What the mode of each entry's file must be; see `PlacesToLookAt`. */
function modesOf(bits: Uint16Array, keeps: KeptBits): Uint16Array {
  const executable = keeps.executableBit ? OWNER_EXECUTES : 0
  const byKind: number[] = []
  byKind[KIND_FILE] = TYPE_FILE
  byKind[KIND_EXECUTABLE] = TYPE_FILE | executable
  // Of symlinks all bits are set.
  byKind[KIND_SYMLINK] = keeps.symlinks ? TYPE_SYMLINK | executable : 0
  byKind[KIND_DIRECTORY] = 0
  const modes = new Uint16Array(new SharedArrayBuffer(2 * bits.length))
  for (let position = 0; position < bits.length; position++) {
    const each = bits[position] as number
    if ((each & (RACY | STAGE_MASK)) === 0) modes[position] = byKind[each & KIND_MASK] as number
  }
  return modes
}
