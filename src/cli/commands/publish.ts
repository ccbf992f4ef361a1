import { basename, dirname } from 'node:path'

import type { Audience } from '../../node/home/repository-registry.ts'
import type { Publication } from '../../node/publish/publish.ts'
import { REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { branchName, branchOrHead } from '../branch-name.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { openHomeHere } from '../network.ts'

interface PublishFlags {
  to?: string[]
  public?: true
  list?: true
  json?: true
}

/** `jzfs publish`: signs a branch's head, and lets peers have what it reaches. */
export const publish: CommandModule = {
  configure(command, context) {
    command
      .argument('[branch]', 'the branch (default: the one that is checked out)')
      .option('--to <peer>', 'let only this peer have it; may be repeated', collect)
      .option('--public', 'let everybody have it who can reach this node (default at first)')
      .option('-l, --list', 'list what this node publishes')
      .option('--json', 'print one JSON document')
      .action((branch: string | undefined, flags: PublishFlags) =>
        flags.list ? list(context, flags) : run(context, branch, flags),
      )
  },
}

async function run(context: Context, branch: string | undefined, flags: PublishFlags): Promise<void> {
  const { publishBranch } = await import('../../node/publish/publish.ts')
  const audience = audienceOf(flags)
  const publication = await withRepository(context, async (repository) =>
    publishBranch(openHomeHere(context), {
      repository,
      ref: await branchOrHead(repository, branch),
      ...(audience === undefined ? {} : { audience }),
      command: context.commandLine,
      now: context.now(),
      signal: context.signal,
    }),
  )
  if (flags.json) return context.terminal.json(publicationDocument(publication))
  const { name, ref, commit, record, changed } = publication
  const state = changed ? 'published' : 'nothing new:'
  const lines = [
    `${state} ${branchName(ref)} as ipns://${name}`,
    `  commit ${commit.toString()}, sequence ${record.sequence}${onlyTo(publication.audience)}`,
  ]
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
}

function onlyTo(audience: Audience): string {
  return audience === 'public' ? '' : `, only to ${audience.peers.join(', ')}`
}

/** A publication as `--json` shows it. */
export function publicationDocument({ name, ref, commit, record, audience, blocks, changed }: Publication): unknown {
  const { value, sequence, validity } = record
  return { name, ref, commit, value, sequence, validity, audience, blocks, changed }
}

function audienceOf({ to, public: everybody }: PublishFlags): Audience | undefined {
  if (everybody) return 'public'
  return to === undefined ? undefined : { peers: to }
}

async function list(context: Context, flags: PublishFlags): Promise<void> {
  const repositories = openHomeHere(context).repositories.list()
  if (flags.json) return context.terminal.json(repositories)
  const lines = repositories.flatMap(({ path, heads }) =>
    heads.map(({ name, ref, audience }) => {
      const folder = basename(path) === REPOSITORY_FOLDER ? dirname(path) : path
      return `ipns://${name} ${branchName(ref)} of ${folder}${onlyTo(audience)}\n`
    }),
  )
  await context.terminal.out(lines.join(''))
}
