import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { JzfsError } from '../../model/errors.ts'
import type { Log } from '../../sync/log.ts'
import type { Home } from '../home/home.ts'
import { announcedNames } from '../names/announced-names.ts'
import type { RecordTopics } from '../network/record-topics.ts'

/** What is spread, and how. */
export interface SpreadRecordsOptions {
  home: Home
  topics: Pick<RecordTopics, 'publish'>
  log: Log
  /** How often the files of names are looked at, in milliseconds (default 1000): where nothing changed, that is one question. */
  intervalMs?: number
}

/**
 * Gives each new record of the home's own names that are for everybody to those that follow their topics, whoever signed it:
 * this process or another one. Returns what ends it.
 */
export function spreadRecords({ home, topics, log, intervalMs = 1000 }: SpreadRecordsOptions): () => Promise<void> {
  const spread = new Map<string, bigint>()
  let version: bigint | undefined
  const look = async (isFirst: boolean): Promise<void> => {
    const now = changedAt(home.layout.names)
    // Another change could bear the same time as the last one: then it is looked once more.
    const isRecent = now !== undefined && Date.now() - Number(now / 1_000_000n) < 2 * CLOCK_TICK_MS
    if (now === version && !isRecent) return
    version = now
    for (const name of announcedNames(home)) {
      const path = join(home.layout.names, `${name}.record`)
      const at = changedAt(path)
      if (at === undefined || spread.get(name) === at) continue
      spread.set(name, at)
      // Who comes later asks: only what is new is news.
      if (!isFirst) await topics.publish(name, await readFile(path))
    }
  }
  const run = (isFirst: boolean): Promise<void> =>
    look(isFirst).catch((error: unknown) => {
      const code = error instanceof JzfsError ? error.code : 'unexpected'
      log.warn({ code, message: String(error) }, 'records were not spread')
    })
  let running = run(true)
  const timer = setInterval(() => {
    running = running.then(() => run(false))
  }, intervalMs)
  return async () => {
    clearInterval(timer)
    await running
  }
}

/** The coarsest clock that file systems stamp changes with, in milliseconds. */
const CLOCK_TICK_MS = 1000

function changedAt(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs
}
