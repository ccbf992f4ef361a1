import { basename, dirname } from 'node:path'

import { JzfsError } from '../../model/errors.ts'
import type { Home } from '../../node/home/home.ts'
import type { RegisteredRepository } from '../../node/home/repository-registry.ts'
import type { PublishRequest } from '../../node/publish/publish.ts'
import { REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import { branchOrHead } from '../branch-name.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { findDaemon, openHomeHere } from '../network.ts'
import { chosenAudience } from '../publish/chosen-audience.ts'
import { cloneCommand } from '../publish/clone-command.ts'
import { audienceText, publicationLines, repositoryDocument, repositoryLines } from '../publish/publication-report.ts'
import { describeRef } from '../undo/describe-change.ts'

interface PublishFlags {
  all?: true
  tags?: true
  to?: string[]
  public?: true
  description?: string
  follow?: boolean
  list?: true
  json?: true
  quiet?: true
}

/** `jzfs publish`: signs branches and the repository, and lets peers have what they reach. */
export const publish: CommandModule = {
  configure(command, context) {
    command
      .argument('[branch...]', 'the branches (default: the one that is checked out)')
      .option('--all', 'publish all branches, and later those that are pushed')
      .option('--tags', 'publish all tags as well')
      .option('--to <peer>', 'let only this peer have it; may be repeated', collect)
      .option('--public', 'let everybody have it who can reach this node (default at first)')
      .option('--description <text>', 'say what the repository is')
      .option('--follow', 'let the daemon publish it again whenever it moves')
      .option('--no-follow', 'publish it again only by this command (default at first)')
      .option('-l, --list', 'list what this node publishes')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .addHelpText('after', HELP)
      .action((branches: string[], flags: PublishFlags) =>
        flags.list ? list(context, flags) : run(context, branches, flags),
      )
  },
}

const HELP = `
Each branch gets an IPNS name, and the repository another one, whose manifest
lists the branches and tags that are for everybody: that name clones all of it.
A repository without commits can be published with --all, to be pushed to by
those that \`jzfs writer add\` lets.`

async function run(context: Context, branches: string[], flags: PublishFlags): Promise<void> {
  const { publishRefs } = await import('../../node/publish/publish.ts')
  const { namesToSign } = await import('../../node/publish/names-to-sign.ts')
  const { giveRepository, openRecalled } = await import('../names/carried-publication.ts')
  const home = openHomeHere(context)
  const publication = await withRepository(context, async (repository) => {
    const refs = await chosenRefs(repository, branches, flags)
    const carriers = await openRecalled(context, home, namesToSign(home, repository.id, refs))
    const published = await publishRefs(home, {
      repository,
      refs,
      ...chosenAudiences(flags),
      description: flags.description,
      follows: flags.follow,
      command: context.commandLine,
      now: context.now(),
      signal: context.signal,
    })
    await giveRepository(context, home, published.registered, carriers)
    return published
  })
  if (flags.quiet && !flags.json) return
  const addresses = await ownAddresses(context, home)
  const clone = cloneCommand({ name: publication.name, addresses })
  const isReached = addresses.length > 0
  if (flags.json) {
    return context.terminal.json({
      ...repositoryDocument(publication),
      addresses,
      clone: isReached ? clone : null,
    })
  }
  const how = [`  ${clone}`, ...(isReached ? [] : [NOT_REACHED])]
  const lines = [...repositoryLines(publication), ...how, ...publication.refs.flatMap(publicationLines)]
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
}

const NOT_REACHED = '  nobody can reach this node yet: start it with `jzfs daemon -d`; `jzfs id` then shows ADDRESS'

/** Where the daemon of the home listens. What is published is published, whether it answers or not. */
async function ownAddresses(context: Context, home: Home): Promise<string[]> {
  try {
    return (await (await findDaemon(context, home))?.status())?.addresses ?? []
  } catch (error) {
    if (error instanceof JzfsError) return []
    throw error
  }
}

async function chosenRefs({ refs }: Repository, branches: string[], flags: PublishFlags): Promise<string[]> {
  const named = await Promise.all(branches.map((branch) => branchOrHead({ refs }, branch)))
  const chosen = new Set(named)
  if (flags.all) for (const { name } of await refs.list(BRANCHES)) chosen.add(name)
  else if (branches.length === 0) chosen.add(await branchOrHead({ refs }, undefined))
  if (flags.tags) for (const { name } of await refs.list(TAGS)) chosen.add(name)
  return [...chosen]
}

function chosenAudiences(flags: PublishFlags): Pick<PublishRequest, 'audience' | 'publishesPushed'> {
  const audience = chosenAudience(flags)
  return { audience, publishesPushed: flags.all ? (audience ?? 'public') : undefined }
}

async function list(context: Context, flags: PublishFlags): Promise<void> {
  const repositories = openHomeHere(context).repositories.list()
  if (flags.json) return context.terminal.json(repositories)
  await context.terminal.out(repositories.flatMap(listedLines).join(''))
}

function listedLines({ path, name, manifest, heads, tags = [] }: RegisteredRepository): string[] {
  const folder = basename(path) === REPOSITORY_FOLDER ? dirname(path) : path
  const own = manifest === undefined ? '' : `ipns://${manifest.name} `
  const refs = [...heads, ...tags].map((ref) => {
    const refName = ref.name === undefined ? '' : `ipns://${ref.name} `
    return `  ${refName}${describeRef(ref.ref)}${audienceText(ref.audience)}\n`
  })
  return [`${own}${name} in ${folder}\n`, ...refs]
}
