import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { JzfsError } from '../../src/model/errors.ts'
import { ingestFiles } from '../../src/store/ingest/ingest.ts'
import { createPackWriter } from '../../src/store/pack/pack-writer.ts'

/** What an ingest in a process of its own came to: one line of JSON on stdout. */
export interface IngestReport {
  files: number
  refused: number
  /** Of the error that ended it. */
  code?: string
  /** Blocks in the pack. */
  blocks?: number
  /** The greatest resident memory of the process, threads included, and what it was before the ingest. */
  peakBytes: number
  startBytes: number
}

/** `ingest-process.ts STORE FOLDER`: reads every file in a folder into a pack of a store. */
async function main(store: string, folder: string): Promise<IngestReport> {
  const names = readdirSync(folder)
  function* requests(): Generator<{ path: string; size: number; executable: boolean }> {
    for (const name of names) {
      const path = join(folder, name)
      yield { path, size: statSync(path).size, executable: false }
    }
  }
  const report: IngestReport = { files: 0, refused: 0, peakBytes: 0, startBytes: process.resourceUsage().maxRSS * 1024 }
  const pack = createPackWriter({ temporaryPath: join(store, 'new.car'), packsDirectory: join(store, 'packs') })
  try {
    for await (const { error } of ingestFiles(pack, requests())) {
      if (error === undefined) report.files++
      else report.refused++
    }
    report.blocks = (await pack.finish())?.blocks ?? 0
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    report.code = error.code
  }
  report.peakBytes = process.resourceUsage().maxRSS * 1024
  return report
}

const [store, folder] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await main(store!, folder!))}\n`)
