import { counted, formatCount } from '../model/counted.ts'
import type { Terminal } from './terminal.ts'

/** What is counted; what is not known is left out. */
export interface Counts {
  commits?: number
  totalCommits?: number
  files?: number
  totalFiles?: number | undefined
  blocks?: number
  totalBlocks?: number | undefined
  bytes?: number
  totalBytes?: number | undefined
}

/** A progress line for work that takes over a second: on standard error, and only where that is a terminal. */
export interface ProgressLine {
  update(counts: Counts): void
  done(): void
}

const FIRST_MS = 1000
const EVERY_MS = 100

/** A progress line that begins with `label`. It costs nothing where nobody sees it. */
export function createProgressLine(terminal: Terminal, label: string): ProgressLine {
  if (!terminal.showsProgress) return { update: () => {}, done: () => {} }
  const started = performance.now()
  const speed = createSpeed()
  let nextMs = FIRST_MS
  let shown = false
  return {
    update: (counts) => {
      const elapsedMs = performance.now() - started
      speed.note(counts, elapsedMs)
      if (elapsedMs < nextMs) return
      nextMs = elapsedMs + EVERY_MS
      shown = true
      terminal.progress(`${label}: ${describe(counts, speed.now(counts, elapsedMs))}`)
    },
    done: () => {
      if (shown) terminal.progress('')
    },
  }
}

/** How fast work goes, per second. */
interface Speed {
  bytes: number
  blocks: number
}

/** How long the time is over which speed is measured, and how often it is noted, in milliseconds. */
const WINDOW_MS = 10_000
const NOTE_MS = 500

/** The speed of the last seconds: what was here before, of an interrupted transfer, is not counted. */
function createSpeed() {
  const notes: { ms: number; bytes: number; blocks: number }[] = []
  return {
    note({ bytes = 0, blocks = 0 }: Counts, ms: number): void {
      if (notes.length === 0) notes.push({ ms: 0, bytes: 0, blocks: bytes === 0 ? blocks : 0 })
      if (ms - notes.at(-1)!.ms < NOTE_MS) return
      notes.push({ ms, bytes, blocks })
      while (notes.length > 2 && ms - notes[1]!.ms > WINDOW_MS) notes.shift()
    },
    now({ bytes = 0, blocks = 0 }: Counts, ms: number): Speed {
      const [since] = notes
      const seconds = Math.max(1, ms - (since?.ms ?? 0)) / 1000
      return { bytes: (bytes - (since?.bytes ?? 0)) / seconds, blocks: (blocks - (since?.blocks ?? 0)) / seconds }
    },
  }
}

function describe(counts: Counts, speed: Speed): string {
  const { commits, totalCommits, files, totalFiles, blocks, totalBlocks, bytes, totalBytes } = counts
  const left = secondsLeft(counts, speed)
  return [
    countedOf(commits, totalCommits, 'commits'),
    countedOf(files, totalFiles, 'files'),
    countedOf(blocks, totalBlocks, 'blocks'),
    bytes === undefined
      ? undefined
      : formatBytes(bytes) + (totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`),
    bytes === undefined ? undefined : `${formatBytes(speed.bytes)}/s`,
    left === undefined ? undefined : `${timeText(left)} left`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
}

/** By bytes where all are known, else by blocks. */
function secondsLeft({ bytes = 0, totalBytes, blocks = 0, totalBlocks }: Counts, speed: Speed): number | undefined {
  if (totalBytes !== undefined) return speed.bytes > 0 ? (totalBytes - bytes) / speed.bytes : undefined
  return totalBlocks !== undefined && speed.blocks > 0 ? Math.max(0, totalBlocks - blocks) / speed.blocks : undefined
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`. */
function timeText(exactSeconds: number): string {
  const seconds = Math.ceil(exactSeconds)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function countedOf(count: number | undefined, total: number | undefined, what: string): string | undefined {
  if (count === undefined) return undefined
  const of = total === undefined ? '' : ` of ${formatCount(total)}`
  return `${formatCount(count)}${of} ${what}`
}

/** What a transfer brought, for people: `7 blocks, 1.9 MiB`. */
export function blocksText({ blocks, bytes }: { blocks: number; bytes: number }): string {
  return `${counted(blocks, 'block')}, ${formatBytes(bytes)}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** A size for people: `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`
}
