import { NotFoundError } from '../../model/errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { openHomeHere } from '../network.ts'
import { readPeerId } from '../publish/chosen-audience.ts'

interface WriterFlags {
  quiet?: true
  json?: true
}

/** `jzfs writer`: the peers that may push to a repository. */
export const writer: CommandModule = {
  configure(command, context) {
    command
      .command('add')
      .description('let peers push to this repository')
      .argument('<peer...>', 'their ids: `jzfs id` shows the one of a node')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((peers: string[], flags: WriterFlags) => change(context, flags, (before) => add(before, peers)))
    command
      .command('rm')
      .description('let peers no longer push')
      .argument('<peer...>', 'their ids')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((peers: string[], flags: WriterFlags) => change(context, flags, (before) => remove(before, peers)))
    command
      .command('ls')
      .description('list the peers that may push')
      .option('--json', 'print one JSON document')
      .action((flags: WriterFlags) => list(context, flags))
  },
}

function add(before: readonly string[], peers: string[]): string[] {
  return [...new Set([...before, ...peers.map(readPeerId)])]
}

function remove(before: readonly string[], peers: string[]): string[] {
  const removed = peers.map(readPeerId)
  const missing = removed.find((peer) => !before.includes(peer))
  if (missing === undefined) return before.filter((peer) => !removed.includes(peer))
  throw new NotFoundError('writer-unknown', `${missing} may not push to this repository`, {
    hint: '`jzfs writer ls` lists those who may',
    details: { peer: missing },
  })
}

async function change(
  context: Context,
  flags: WriterFlags,
  writers: (before: readonly string[]) => string[],
): Promise<void> {
  const { publishRefs } = await import('../../node/publish/publish.ts')
  const { registered, name } = await withRepository(context, (repository) => {
    const now = context.now()
    const options = { command: context.commandLine, now, signal: context.signal }
    return publishRefs(openHomeHere(context), { repository, refs: [], writers, ...options })
  })
  const after = registered.writers ?? []
  if (flags.json) return context.terminal.json({ repository: registered.name, name, writers: after })
  if (flags.quiet) return
  await context.terminal.out(`${after.length} may push to ${registered.name} (ipns://${name})\n`)
}

async function list(context: Context, flags: WriterFlags): Promise<void> {
  const id = await withRepository(context, async (repository) => repository.id)
  const registered = openHomeHere(context)
    .repositories.list()
    .find((each) => each.id === id)
  const writers = registered?.writers ?? []
  if (flags.json) return context.terminal.json({ repository: registered?.name ?? null, writers })
  await context.terminal.out(writers.map((peer) => `${peer}\n`).join(''))
}
