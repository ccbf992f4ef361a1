import { median, type Run } from './measure.ts'

/** One way to do a row's work. */
export interface Contender {
  label: string
  run(): Promise<Run>
}

/** Who else does it, and how fast ours has to be: as a ratio, or in seconds over the other's. */
export interface Other extends Contender {
  atMost?: number
  overAtMostSeconds?: number
}

/** One line of the table: a piece of work, who does it, and how fast ours has to be against each of the others. */
export interface Row {
  work: string
  ours: Contender
  others: Other[]
  /** The peak memory that ours may take, in bytes. */
  peakAtMostBytes?: number
  /** What else was measured in the runs of ours. */
  measured?(): Ratio[]
  prepare?(): Promise<void> | void
  dispose?(): Promise<void> | void
}

/** What is not time: how many times something it was. */
export interface Ratio {
  /** As in "1.03 × the bytes of the changed blocks". */
  of: string
  ratio: number
  atMost: number
}

/** The medians of a row, in seconds, and the peak memory of ours. */
export interface Result {
  work: string
  medians: { label: string; seconds: number; atMost?: number | undefined; overAtMostSeconds?: number | undefined }[]
  measured: Ratio[]
  peakBytes: number
  peakAtMostBytes?: number | undefined
}

/** How often a row runs, what happens before each run, and who hears of it. */
export interface Rounds {
  rounds: number
  beforeRun(): void
  say(line: string): void
}

/** Runs a row's contenders in turn, round after round, so that a drift of the machine meets all of them. */
export async function runRow(row: Row, { rounds, beforeRun, say }: Rounds): Promise<Result> {
  const contenders: Other[] = [row.ours, ...row.others]
  const runs = new Map<string, Run[]>(contenders.map(({ label }) => [label, []]))
  try {
    await row.prepare?.()
    for (let round = 1; round <= rounds; round++) {
      for (const { label, run } of contenders) {
        beforeRun()
        const done = await run()
        runs.get(label)!.push(done)
        say(`${row.work} [${round}/${rounds}] ${label}: ${done.seconds.toFixed(3)} s`)
      }
    }
  } finally {
    await row.dispose?.()
  }
  const medians = contenders.map((contender) => ({
    label: contender.label,
    seconds: median(runs.get(contender.label)!.map(({ seconds }) => seconds)),
    atMost: contender.atMost,
    overAtMostSeconds: contender.overAtMostSeconds,
  }))
  const peakBytes = Math.max(...runs.get(row.ours.label)!.map((run) => run.peakBytes))
  const measured = row.measured?.() ?? []
  return { work: row.work, medians, measured, peakBytes, peakAtMostBytes: row.peakAtMostBytes }
}

/** The table, in Markdown: ours, then each of the others with the ratio and the bound that was set. */
export function renderTable(results: Result[]): string {
  const lines = results.map(({ work, medians, measured, peakBytes, peakAtMostBytes }) => {
    const [ours, ...others] = medians
    const ratios = others.map(({ label, seconds, atMost, overAtMostSeconds }) => {
      if (overAtMostSeconds !== undefined) return over(ours!.seconds - seconds, label, overAtMostSeconds)
      return times(ours!.seconds / seconds, `${label} ${seconds.toFixed(3)}`, atMost)
    })
    ratios.push(...measured.map(({ ratio, of, atMost }) => times(ratio, of, atMost)))
    const bound =
      peakAtMostBytes === undefined
        ? ''
        : ` (at most ${mebibytes(peakAtMostBytes)}: ${peakBytes <= peakAtMostBytes ? 'yes' : 'NO'})`
    return `| ${work} | ${ours!.seconds.toFixed(3)} | ${ratios.join('; ')} | ${mebibytes(peakBytes)}${bound} |`
  })
  return ['| work | jzfs, s | against | peak memory |', '|---|---|---|---|', ...lines].join('\n')
}

function times(ratio: number, of: string, atMost: number | undefined): string {
  const verdict = atMost === undefined ? '' : ` (at most ${atMost}: ${ratio <= atMost ? 'yes' : 'NO'})`
  return `${ratio.toFixed(2)} × ${of}${verdict}`
}

function over(seconds: number, label: string, atMostSeconds: number): string {
  const [is, bound] = [seconds, atMostSeconds].map((each) => `${Math.round(each * 1000)} ms`)
  return `${is} over ${label} (at most ${bound}: ${seconds <= atMostSeconds ? 'yes' : 'NO'})`
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / (1 << 20))} MiB`
}
