import { openHomeNames } from '../../node/publish/home-names.ts'
import type { Context } from '../context.ts'
import { openHomeHere, withPeers } from '../network.ts'
import { failureDocuments, warnOfFailures } from '../remote/refused-peers.ts'
import { recordDocument, recordLine } from './record-document.ts'

/** The flags of `resolve` and `name resolve`. */
export interface ResolveFlags {
  peer?: string[]
  allowExpired?: true
  json?: true
  /** Whether people see more than the value. */
  details?: boolean
}

/** `jzfs resolve`, `jzfs name resolve`: what an IPNS name means, by its newest record that can be trusted. */
export async function resolveHere(context: Context, text: string, flags: ResolveFlags): Promise<void> {
  const home = openHomeHere(context)
  const { resolveName } = await import('../../sync/names/resolve-name.ts')
  const names = openHomeNames(home, { command: context.commandLine })
  const options = { now: context.now(), allowExpired: flags.allowExpired === true, signal: context.signal }
  const found = await withPeers(context, home, flags.peer ?? [], (peers) => resolveName(text, peers, names, options))
  warnOfFailures(context.terminal, found.refused)
  const { record, peer } = found
  const forks = (await names.forks(record.name)).filter((fork) => fork.record.sequence === record.sequence)
  const others = forks.filter(({ isKept }) => !isKept).map((fork) => fork.record.value)
  for (const value of others) {
    context.terminal.say(
      `warning: at sequence ${record.sequence} it was also signed as ${value}: see \`jzfs name forks\``,
    )
  }
  if (flags.json) {
    const failures = failureDocuments(found.refused)
    return context.terminal.json({ ...recordDocument(record), peer: peer.label, forks: others, failures })
  }
  const details = flags.details === true ? `  ${recordLine(record)}\n  from ${peer.label}\n` : ''
  await context.terminal.out(`${record.value}\n${details}`)
}
