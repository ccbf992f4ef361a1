import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { kuboBinary } from '../kubo/build.ts'
import { renderTable, runRow, type Result } from './row.ts'
import { allRows } from './rows.ts'
import { touchMemory } from './touch-memory.ts'

/**
 * `npm run bench -- [--rounds N] [--only TEXT] [--scale N] [--directory DIR] [--touch-memory GIB] [--json]`: times
 * jzfs, git, Kubo and the disk on the same seeded data, in turn, and prints medians and ratios.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: '' },
      scale: { type: 'string', default: '1' },
      directory: { type: 'string' },
      'touch-memory': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  })
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'jzfs-bench-'))
  mkdirSync(directory, { recursive: true })
  const kubo = kuboBinary()
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  if ('missing' in kubo) say(`without Kubo: ${kubo.missing}`)
  const bench = { directory, kubo: 'binary' in kubo ? kubo.binary : undefined, scale: Number(values.scale) }
  const beforeRun = () => touchMemory(directory, Number(values['touch-memory']) * 2 ** 30)
  const results: Result[] = []
  try {
    for (const row of allRows(bench).filter(({ work }) => work.includes(values.only))) {
      results.push(await runRow(row, { rounds: Number(values.rounds), beforeRun, say }))
    }
  } finally {
    if (values.directory === undefined) rmSync(directory, { recursive: true, force: true })
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, results })}\n`)
  else process.stdout.write(`${machine}; medians of ${values.rounds}\n\n${renderTable(results)}\n`)
}

await main()
