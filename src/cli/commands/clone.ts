import { basename, resolve } from 'node:path'

import { shortenCid } from '../../model/cid-text.ts'
import { openHomeNames } from '../../node/publish/home-names.ts'
import { openConfig } from '../../repo/config/config.ts'
import type { Clone, FetchedClone } from '../../sync/clone/clone.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { configSources, openOptions, sayNotDone } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { openHomeHere, readSource, withPeers } from '../network.ts'
import { blocksText, createProgressLine, type ProgressLine } from '../progress.ts'

interface CloneFlags {
  peer?: string[]
  branch?: string
  bare?: true
  allowExpired?: true
  json?: true
}

/** `jzfs clone`: copies a dataset, its history and its files, from a peer, verified block by block. */
export const clone: CommandModule = {
  configure(command, context) {
    command
      .argument('<source>', 'ipns://NAME of a branch, or ipfs://CID of a commit')
      .argument('[directory]', 'the folder to make')
      .option('--peer <address>', 'ask this node; may be repeated (default: those the daemon is connected to)', collect)
      .option('-b, --branch <name>', 'name the branch that is made (default: init.defaultBranch)')
      .option('--bare', 'make a repository without a working tree')
      .option('--allow-expired', 'accept a record whose life is over')
      .option('--json', 'print one JSON document')
      .action((source: string, directory: string | undefined, flags: CloneFlags) =>
        run(context, source, directory, flags),
      )
  },
}

async function run(context: Context, text: string, folder: string | undefined, flags: CloneFlags): Promise<void> {
  const config = openConfig(configSources(context))
  const source = await readSource(text)
  const directory = resolve(context.cwd, folder ?? basename('name' in source ? source.name : source.cid.toString()))
  const home = openHomeHere(context)
  const { cloneRepository } = await import('../../sync/clone/clone.ts')
  const receiving = createProgressLine(context.terminal, 'receiving')
  const writing = createProgressLine(context.terminal, 'writing files')
  const person = currentPerson(context, config, 'COMMITTER')
  const cloned = await withPeers(context, home, flags.peer ?? [], (peers) =>
    cloneRepository({
      directory,
      source,
      peers,
      names: openHomeNames(home, { command: context.commandLine }),
      branch: flags.branch ?? config.get('init.defaultBranch'),
      bare: flags.bare === true,
      allowExpired: flags.allowExpired === true,
      command: context.commandLine,
      person,
      now: context.now(),
      init: openOptions(context),
      idleTimeoutMs: config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress: receiving.update,
      ...(flags.bare ? {} : { checkout: checkout(context, receiving, writing) }),
    }),
  )
  writing.done()
  receiving.done()
  await cloned.repository.close()
  await report(context, cloned, directory, flags)
}

function checkout(context: Context, receiving: ProgressLine, writing: ProgressLine) {
  return async (fetched: FetchedClone): Promise<void> => {
    receiving.done()
    const { checkoutClone } = await import('../../worktree/checkout-clone.ts')
    sayNotDone(context, await checkoutClone(fetched, { signal: context.signal, onProgress: writing.update }))
  }
}

async function report(context: Context, cloned: Clone, directory: string, flags: CloneFlags): Promise<void> {
  const { commit, record, fetched, isResumed } = cloned
  for (const error of fetched?.failures ?? []) context.terminal.say(`warning: ${error.message}`)
  if (flags.json) {
    const name = record === undefined ? undefined : { name: record.name, sequence: record.sequence }
    const { blocks, bytes, peer } = fetched ?? {}
    return context.terminal.json({ directory, commit, ...name, blocks, bytes, peer, resumed: isResumed })
  }
  const received = fetched === undefined ? '' : ` (${blocksText(fetched)}${isResumed ? ', and what was there' : ''})`
  await context.terminal.out(`cloned ${shortenCid(commit)} into ${directory}${received}\n`)
}
