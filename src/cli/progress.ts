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
  totalBytes?: number
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
  let nextMs = FIRST_MS
  let shown = false
  return {
    update: (counts) => {
      const elapsedMs = performance.now() - started
      if (elapsedMs < nextMs) return
      nextMs = elapsedMs + EVERY_MS
      shown = true
      terminal.progress(`${label}: ${describe(counts, elapsedMs / 1000)}`)
    },
    done: () => {
      if (shown) terminal.progress('')
    },
  }
}

function describe(counts: Counts, seconds: number): string {
  const { commits, totalCommits, files, totalFiles, blocks, totalBlocks, bytes, totalBytes } = counts
  const rate = bytes === undefined ? undefined : bytes / seconds
  const left = rate === undefined || totalBytes === undefined ? undefined : (totalBytes - (bytes ?? 0)) / rate
  return [
    counted(commits, totalCommits, 'commits'),
    counted(files, totalFiles, 'files'),
    counted(blocks, totalBlocks, 'blocks'),
    bytes === undefined
      ? undefined
      : formatBytes(bytes) + (totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`),
    rate === undefined ? undefined : `${formatBytes(rate)}/s`,
    left === undefined ? undefined : `${Math.ceil(left)} s left`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
}

function counted(count: number | undefined, total: number | undefined, what: string): string | undefined {
  if (count === undefined) return undefined
  const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`
  return `${count.toLocaleString('en')}${of} ${what}`
}

/** What a transfer brought, for people: `7 blocks, 1.9 MiB`. */
export function blocksText({ blocks, bytes }: { blocks: number; bytes: number }): string {
  return `${blocks.toLocaleString('en')} block${blocks === 1 ? '' : 's'}, ${formatBytes(bytes)}`
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
