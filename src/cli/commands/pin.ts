import { openConfig } from '../../repo/config/config.ts'
import type { RemoteSource } from '../../sync/names/remote-head.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { configSources } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { openHomeHere, readSource } from '../network.ts'
import { readPin } from '../pin/read-pin.ts'
import { withPinTransfer } from '../pin/with-pin-transfer.ts'
import { blocksText } from '../progress.ts'
import { failureDocuments, warnOfFailures } from '../remote/refused-peers.ts'

interface AddFlags {
  peer?: string[]
  history: boolean
  allowExpired?: true
  follow?: true
  name?: string
  quiet?: true
  json?: true
}

interface RemoveFlags {
  quiet?: true
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
      .option('--follow', 'keep it up to date: the daemon brings what is new of the name')
      .option('--name <label>', 'call the pin so')
      .option('--no-history', 'keep one version, named by the CID of its tree')
      .option('--allow-expired', 'accept a record whose life is over')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((source: string, flags: AddFlags) => add(context, source, flags))
    command
      .command('rm')
      .description('keep a dataset no longer')
      .argument('<source>', 'what was pinned, or its label')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((source: string, flags: RemoveFlags) => remove(context, source, flags))
    command
      .command('ls')
      .description('list what is pinned, and how it is')
      .option('--verify', 'hash all of it again; exit with 3 where something is missing or corrupt')
      .option('--json', 'print one JSON document')
      .action(async (flags: { verify?: true; json?: true }) => {
        const { showPins } = await import('../pin/show-pins.ts')
        await showPins(context, flags)
      })
    command
      .command('update')
      .description('bring what is new of the names that pins follow')
      .argument('[source...]', 'these pins alone, by their names or labels')
      .option('--peer <address>', 'ask this node; may be repeated (default: as when it was pinned)', collect)
      .option('-q, --quiet', 'print nothing but errors')
      .option('--json', 'print one JSON document')
      .action(async (sources: string[], flags: { peer?: string[]; quiet?: true; json?: true }) => {
        const { updatePins } = await import('../pin/update-pins.ts')
        await updatePins(context, sources, flags)
      })
  },
}

async function add(context: Context, text: string, flags: AddFlags): Promise<void> {
  const source = await readSource(text)
  const home = openHomeHere(context)
  const { keepPin } = await import('../../node/pins/update-pin.ts')
  const addresses = flags.peer ?? []
  const pinned = await withPinTransfer(context, home, addresses, (transfer) =>
    keepPin(home, {
      ...transfer,
      source,
      name: flags.name,
      addresses,
      ...(flags.follow === undefined ? {} : { follows: flags.follow }),
      wanted: flags.history ? 'commit' : 'any',
      allowExpired: flags.allowExpired === true,
    }),
  )
  const { cid, before, fetched, restricted } = pinned
  const { blocks, bytes } = fetched
  warnOfFailures(context.terminal, fetched.failures)
  if (flags.json) {
    const failures = failureDocuments(fetched.failures)
    return context.terminal.json({ source: labelOf(source), cid, before, blocks, bytes, restricted, failures })
  }
  if (flags.quiet) return
  const isKept = before?.equals(cid) === true
  const what = isKept
    ? `pinned already${flags.follow === true ? ', and followed' : ''}:`
    : before === undefined
      ? 'pinned'
      : 'now pinned:'
  await context.terminal.out(`${what} ${cid.toString()}${isKept ? '' : ` (${blocksText(fetched)})`}\n`)
  if (restricted) context.terminal.say('it is not for everybody: kept for this node only, and not served')
}

async function remove(context: Context, text: string, flags: RemoveFlags): Promise<void> {
  const { removePin } = await import('../../node/publish/home-pins.ts')
  const person = currentPerson(context, openConfig(configSources(context)), 'COMMITTER')
  const home = openHomeHere(context)
  const { label } = await readPin(home, text)
  const removed = await removePin(home, label, { command: context.commandLine, person })
  if (flags.json) return context.terminal.json(removed)
  if (flags.quiet) return
  await context.terminal.out(`no longer pinned: ${removed.cid?.toString() ?? `ipns://${label}`}\n`)
}

function labelOf(source: RemoteSource): string {
  return 'name' in source ? source.name : source.cid.toV1().toString()
}
