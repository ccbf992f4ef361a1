import { pino } from 'pino'

import { openLogFile } from '../../node/log/log-file.ts'
import { limitRepeats } from '../../node/log/repeat-limit.ts'
import type { Log } from '../../sync/log.ts'
import { prettyLine } from './pretty-line.ts'

/** Where a daemon's log goes. */
export interface DaemonLogOptions {
  /** The log file. */
  path: string
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  maxBytes: number
  maxFiles: number
  /** How entries are also shown, if they are. */
  show?: { format: 'json' | 'pretty'; write(text: string): void; color: boolean } | undefined
}

/** Opens the log of a daemon: JSON lines in its file, and, where that is wanted, the same on standard error. */
export function openDaemonLog({ path, level, maxBytes, maxFiles, show }: DaemonLogOptions): Log & { close(): void } {
  const file = openLogFile(path, { maxBytes, maxFiles })
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // pino's own destinations work in threads, or write later: these lines are there when the process is killed.
    {
      write(line: string) {
        file.write(line)
        if (show?.format === 'json') show.write(line)
        else if (show?.format === 'pretty') show.write(`${prettyLine(line, show)}\n`)
      },
    },
  )
  return { ...limitRepeats(logger), close: file.close }
}
