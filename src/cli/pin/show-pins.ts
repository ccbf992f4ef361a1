import { counted } from '../../model/counted.ts'
import type { PinDescription } from '../../node/pins/describe-pins.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { openHomeHere } from '../network.ts'
import { createProgressLine } from '../progress.ts'
import { findingLine, soundLine } from '../soundness.ts'

/** Shows the pins of the home; with `verify` also what of them is missing or corrupt, which sets the exit status. */
export async function showPins(context: Context, { verify, json }: { verify?: true; json?: true }): Promise<void> {
  const home = openHomeHere(context)
  const command = context.commandLine
  const { describePins } = await import('../../node/pins/describe-pins.ts')
  const pins = await describePins(home, { command })
  if (verify !== true) {
    if (json) return context.terminal.json(pins)
    await context.terminal.out(pins.map(pinText).join(''))
    return
  }
  const { verifyPins } = await import('../../node/pins/verify-pins.ts')
  const progress = createProgressLine(context.terminal, 'verifying')
  const { findings, totals } = await verifyPins(home, {
    command,
    signal: context.signal,
    onProgress: progress.update,
  }).finally(() => progress.done())
  if (findings.length > 0) context.status = EXIT.integrity
  if (json) return context.terminal.json({ pins, findings, totals })
  await context.terminal.out(pins.map(pinText).join(''))
  await context.terminal.out(findings.map((finding) => `${findingLine(finding)}\n`).join(''))
  if (findings.length === 0 && totals !== undefined) await context.terminal.out(`${soundLine(totals)}\n`)
}

function pinText({ label, cid, name, follows, restricted, blocks, problem }: PinDescription): string {
  const text = cid?.toString() ?? 'not here yet'
  const source = label === text ? `ipfs://${text}` : `ipns://${label} ${text}`
  const about = [
    ...(name === undefined ? [] : [name]),
    ...(follows ? ['followed'] : []),
    ...(restricted ? ['kept for this node only'] : []),
    counted(blocks, 'block'),
  ]
  const failing = problem === undefined ? '' : `  failing since ${problem.since}: ${problem.message}\n`
  return `${source} (${about.join(', ')})\n${failing}`
}
