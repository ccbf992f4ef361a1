import { openConfig } from '../../repo/config/config.ts'
import type { RemoteSource } from '../../sync/names/remote-head.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { configSources } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { openHomeHere, readSource, withPeers } from '../network.ts'
import { blocksText, createProgressLine } from '../progress.ts'

interface AddFlags {
  peer?: string[]
  history: boolean
  allowExpired?: true
  json?: true
}

/** `jzfs pin`: keeps datasets in the node home, without a working tree, and lets peers have them. */
export const pin: CommandModule = {
  configure(command, context) {
    command
      .command('add')
      .description('fetch a dataset and keep it; again, bring what is new')
      .argument('<source>', 'ipns://NAME, ipfs://COMMIT, or ipfs://TREE with --no-history')
      .option('--peer <address>', 'ask this node; may be repeated (default: those the daemon is connected to)', collect)
      .option('--no-history', 'keep one version, named by the CID of its tree')
      .option('--allow-expired', 'accept a record whose life is over')
      .option('--json', 'print one JSON document')
      .action((source: string, flags: AddFlags) => add(context, source, flags))
    command
      .command('rm')
      .description('keep a dataset no longer')
      .argument('<source>', 'what was pinned')
      .option('--json', 'print one JSON document')
      .action((source: string, flags: { json?: true }) => remove(context, source, flags))
    command
      .command('ls')
      .description('list what is pinned')
      .option('--json', 'print one JSON document')
      .action((flags: { json?: true }) => list(context, flags))
  },
}

async function add(context: Context, text: string, flags: AddFlags): Promise<void> {
  const source = await readSource(text)
  const home = openHomeHere(context)
  const { addPin } = await import('../../node/publish/home-pins.ts')
  const config = openConfig(configSources(context))
  const progress = createProgressLine(context.terminal, 'receiving')
  const pinned = await withPeers(context, home, flags.peer ?? [], (peers) =>
    addPin(home, {
      source,
      peers,
      wanted: flags.history ? 'commit' : 'any',
      allowExpired: flags.allowExpired === true,
      command: context.commandLine,
      person: currentPerson(context, config, 'COMMITTER'),
      now: context.now(),
      idleTimeoutMs: config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress: progress.update,
    }),
  ).finally(() => progress.done())
  const { cid, before, fetched } = pinned
  const { blocks, bytes } = fetched
  if (flags.json) return context.terminal.json({ source: labelOf(source), cid, before, blocks, bytes })
  const isKept = before?.equals(cid) === true
  const what = isKept ? 'pinned already:' : before === undefined ? 'pinned' : 'now pinned:'
  await context.terminal.out(`${what} ${cid.toString()}${isKept ? '' : ` (${blocksText(fetched)})`}\n`)
}

async function remove(context: Context, text: string, flags: { json?: true }): Promise<void> {
  const { removePin } = await import('../../node/publish/home-pins.ts')
  const person = currentPerson(context, openConfig(configSources(context)), 'COMMITTER')
  const label = labelOf(await readSource(text))
  const removed = await removePin(openHomeHere(context), label, { command: context.commandLine, person })
  if (flags.json) return context.terminal.json(removed)
  await context.terminal.out(`no longer pinned: ${removed.cid.toString()}\n`)
}

async function list(context: Context, flags: { json?: true }): Promise<void> {
  const { listPins } = await import('../../node/publish/home-pins.ts')
  const pins = await listPins(openHomeHere(context), { command: context.commandLine })
  if (flags.json) return context.terminal.json(pins)
  const lines = pins.map(({ label, cid }) => {
    const text = cid.toString()
    return label === text ? `ipfs://${text}\n` : `ipns://${label} ${text}\n`
  })
  await context.terminal.out(lines.join(''))
}

function labelOf(source: RemoteSource): string {
  return 'name' in source ? source.name : source.cid.toV1().toString()
}
