import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

import type { CID } from 'multiformats/cid'

import { ConflictError, InvalidError, JzfsError, NotFoundError } from '../../model/errors.ts'
import type { BranchPublication } from '../../node/publish/publish.ts'
import { openConfig } from '../../repo/config/config.ts'
import { initRepository } from '../../repo/init-repository.ts'
import { REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { discoverRepository, openRepository, type Repository } from '../../repo/repository.ts'
import { addPaths } from '../../worktree/add/add.ts'
import { commitIndex } from '../../worktree/commit.ts'
import { branchOrHead } from '../branch-name.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { configSources, openOptions } from '../here.ts'
import { currentPerson, sayTakenIdentity } from '../identity.ts'
import { openHomeHere } from '../network.ts'
import { createProgressLine } from '../progress.ts'
import { cloneCommand } from '../publish/clone-command.ts'
import { publicationDocument } from '../publish/publication-report.ts'
import { saySkipped } from '../say-skipped.ts'
import { serveUntilStopped, startDaemonHere } from '../serve.ts'

interface ShareFlags {
  message?: string
  json?: true
}

/** `jzfs share`: makes a folder a repository, commits it, publishes the branch, and lets other peers clone it. */
export const share: CommandModule = {
  configure(command, context) {
    command
      .argument('[path]', 'the folder', '.')
      .option('-m, --message <text>', 'use this message for the commit')
      .option('--json', 'print one JSON document when it can be cloned')
      .action((path: string, flags: ShareFlags) => run(context, resolve(context.cwd, path), flags))
  },
}

async function run(context: Context, folder: string, flags: ShareFlags): Promise<void> {
  const repository = await openOrInit(context, folder)
  try {
    const isCommitted = await commitWhatIsThere(context, repository, flags)
    const home = openHomeHere(context)
    const { publishBranch } = await import('../../node/publish/publish.ts')
    const { namesToSign } = await import('../../node/publish/names-to-sign.ts')
    const { openRecalled } = await import('../names/carried-publication.ts')
    const ref = await branchOrHead(repository, undefined)
    await openRecalled(context, home, namesToSign(home, repository.id, [ref]))
    const publication = await publishBranch(home, {
      repository,
      ref,
      command: context.commandLine,
      now: context.now(),
      signal: context.signal,
    })
    const { connectControl } = await import('../../http/control-client.ts')
    const running = await (await connectControl(home))?.status()
    const daemon = running === undefined ? await startDaemonHere(context, home) : undefined
    const addresses = running?.addresses ?? daemon?.node.addresses() ?? []
    const tree = await treeOf(repository, publication.commit)
    const clone = cloneCommand({
      // For another terminal of this machine, whatever is on its path.
      program: context.env['JZFS_PROGRAM'],
      name: publication.name,
      folder: `${basename(folder)}-clone`,
      addresses,
    })
    if (flags.json) {
      const published = publicationDocument(publication)
      await context.terminal.json({ path: folder, ...published, tree, committed: isCommitted, addresses, clone })
    } else {
      await context.terminal.out(summary({ folder, publication, tree, addresses, clone }))
    }
    if (daemon === undefined) context.terminal.say(`The daemon of this home serves it (pid ${running?.pid}).`)
    else {
      context.terminal.say('Press Ctrl-C to stop sharing.')
      await serveUntilStopped(context, daemon)
    }
  } finally {
    await repository.close()
  }
}

async function openOrInit(context: Context, folder: string): Promise<Repository> {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) {
    throw new NotFoundError('path-missing', `there is no such folder: ${folder}`, { details: { path: folder } })
  }
  if (!stat.isDirectory()) {
    throw new InvalidError('not-a-directory', `this is a file, and only folders are shared: ${folder}`, {
      hint: 'put it into a folder, and share that',
      details: { path: folder },
    })
  }
  if (existsSync(join(folder, REPOSITORY_FOLDER))) return openRepository(folder, openOptions(context))
  await refuseInside(folder)
  const initialBranch = openConfig(configSources(context)).get('init.defaultBranch')
  return initRepository(folder, { ...openOptions(context), initialBranch })
}

/** A repository in another one would be two histories of the same files. */
async function refuseInside(folder: string): Promise<void> {
  let outer: Repository
  try {
    outer = await discoverRepository(folder)
  } catch (error) {
    if (error instanceof JzfsError && error.code === 'not-a-repository') return
    throw error
  }
  const { worktree, path } = outer
  await outer.close()
  throw new ConflictError('inside-repository', `the folder is a part of another repository: ${worktree ?? path}`, {
    hint: 'share that one, or move the folder out of it',
    details: { path: folder, repository: worktree ?? path },
  })
}

/** Stages and commits everything; whether there was anything to commit. */
async function commitWhatIsThere(context: Context, repository: Repository, flags: ShareFlags): Promise<boolean> {
  const { terminal, signal, commandLine: command } = context
  const progress = createProgressLine(terminal, 'adding')
  const committer = currentPerson(context, repository.config, 'COMMITTER')
  try {
    const options = { command, person: committer, recordsIndex: true, signal, onProgress: progress.update }
    saySkipped(terminal, await addPaths(repository, [], options))
  } finally {
    progress.done()
  }
  const tip = await repository.refs.headCommit()
  const author = currentPerson(context, repository.config, 'AUTHOR')
  const message = flags.message ?? `${tip === undefined ? 'Share' : 'Update'} ${basename(repository.worktree ?? '')}`
  try {
    await commitIndex(repository, { command, author, committer, message, allowEmpty: tip === undefined, signal })
    sayTakenIdentity(context, repository.config)
    return true
  } catch (error) {
    if (error instanceof JzfsError && error.code === 'nothing-to-commit') return false
    throw error
  }
}

async function treeOf({ store }: Repository, commit: CID): Promise<CID> {
  const { decodeCommit } = await import('../../model/commit/commit.ts')
  return decodeCommit(commit, await store.get(commit)).tree
}

interface Summary {
  folder: string
  publication: BranchPublication
  tree: CID
  addresses: string[]
  clone: string
}

function summary({ folder, publication, tree, addresses, clone }: Summary): string {
  const { commit, name, record, changed } = publication
  return [
    changed ? `Shared ${folder}` : `Nothing new in ${folder}: shared as it was`,
    '',
    `  commit   ${commit.toString()}`,
    `  tree     ${tree.toString()}`,
    `  name     ipns://${name} (sequence ${record.sequence})`,
    ...addresses.map((address) => `  address  ${address}`),
    '',
    'Clone it from another terminal:',
    '',
    `  ${clone}`,
    '',
    '',
  ].join('\n')
}
