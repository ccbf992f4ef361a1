import { join } from 'node:path'

import type { Bench } from './bench.ts'
import { discard, writeDurably } from './dataset.ts'
import type { Run } from './measure.ts'
import type { Other } from './row.ts'
import { runQuietly } from './tools.ts'

/** The disk alone: files of so many bytes, written and fsynced one after the other. What writes these bytes is no faster. */
export function diskWrite(bench: Bench, sizesBytes: readonly number[], atMost?: number): Other {
  const files = sizesBytes.map((_, number) => join(bench.directory, `disk-${number}.bin`))
  const run = async (): Promise<Run> => {
    discard(...files)
    runQuietly({ argv: ['sync'], cwd: bench.directory })
    const started = process.hrtime.bigint()
    for (const [number, sizeBytes] of sizesBytes.entries()) writeDurably(files[number]!, sizeBytes)
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    discard(...files)
    return { seconds, peakBytes: 0 }
  }
  const times = sizesBytes.length === 1 ? '' : `, ${sizesBytes.length} times`
  return { label: `the disk, write + fsync${times}`, ...(atMost === undefined ? {} : { atMost }), run }
}
