import { resolve } from 'node:path'

import { shortenCid } from '../../model/cid-text.ts'
import { openConfig } from '../../repo/config/config.ts'
import type { Clone, CloneOptions, FetchedClone } from '../../sync/clone/clone.ts'
import type { Remote, RemoteRefs } from '../../sync/remote/remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { configSources, openOptions, sayNotDone } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { blocksText, createProgressLine, type ProgressLine } from '../progress.ts'
import { cloneFolder, cloneUrl } from '../remote/clone-url.ts'
import { withRemote } from '../remote/open-remote-here.ts'
import { failureDocuments, warnOfFailures } from '../remote/refused-peers.ts'
import { withTransferProgress } from '../transfer-progress.ts'

interface CloneFlags {
  peer?: string[]
  branch?: string
  origin?: string
  bare?: true
  mirror?: true
  singleBranch?: true
  tags: boolean
  checkout: boolean
  allowExpired?: true
  quiet?: true
  json?: true
}

/** `jzfs clone`: copies a repository, its history and its files, from wherever it is, verified block by block. */
export const clone: CommandModule = {
  configure(command, context) {
    command
      .argument(
        '<source>',
        'ipns://NAME, ipfs://COMMIT, /ip4/…/p2p/PEER[/REPOSITORY], https://HOST/REPOSITORY, a folder or a .car file',
      )
      .argument('[directory]', 'the folder to make')
      .option('--peer <address>', 'ask this node; may be repeated (default: those the daemon is connected to)', collect)
      .option(
        '-b, --branch <name>',
        'check out this branch or tag; what one branch alone is called (default: init.defaultBranch)',
      )
      .option('-o, --origin <name>', 'call the other repository so (default: origin)')
      .option('--bare', 'make a repository without a working tree')
      .option('--mirror', 'the same, with every ref as it is there, and fetch keeps them so')
      .option('--single-branch', 'bring only the branch that is checked out')
      .option('--no-tags', 'bring no tags, now and later')
      .option('-n, --no-checkout', 'write no files')
      .option('--allow-expired', 'accept a record whose life is over')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((source: string, directory: string | undefined, flags: CloneFlags) =>
        run(context, source, directory, flags),
      )
  },
}

async function run(context: Context, text: string, folder: string | undefined, flags: CloneFlags): Promise<void> {
  const config = openConfig(configSources(context))
  const url = await cloneUrl(context, text)
  const { cloneRepository } = await import('../../sync/clone/clone.ts')
  const writing = createProgressLine(context.terminal, 'writing files')
  const person = currentPerson(context, config, 'COMMITTER')
  const { peer: peers = [], branch, origin = 'origin', allowExpired } = flags
  const isBare = flags.bare === true || flags.mirror === true
  const directory = ({ called }: RemoteRefs): string =>
    resolve(context.cwd, folder ?? cloneFolder(url, context.cwd, isBare, called))
  const opened = { url, config: undefined, local: undefined, peers, allowExpired, branch }
  const cloneFrom = (remote: Remote, onProgress: CloneOptions['onProgress']): Promise<Clone> =>
    cloneRepository({
      directory,
      remote,
      url,
      peers,
      branch,
      remoteName: origin,
      defaultBranch: config.get('init.defaultBranch'),
      bare: isBare,
      mirror: flags.mirror === true,
      singleBranch: flags.singleBranch === true,
      tags: flags.tags,
      command: context.commandLine,
      person,
      init: openOptions(context),
      idleTimeoutMs: config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress,
      ...(isBare || !flags.checkout ? {} : { checkout: checkout(context, writing) }),
    })
  const cloned = await withTransferProgress(context, (onProgress) =>
    withRemote(context, opened, (remote) => cloneFrom(remote, onProgress)),
  ).finally(writing.done)
  await cloned.repository.close()
  await report(context, cloned, flags)
}

function checkout(context: Context, writing: ProgressLine) {
  return async (fetched: FetchedClone): Promise<void> => {
    const { checkoutClone } = await import('../../worktree/checkout-clone.ts')
    sayNotDone(context, await checkoutClone(fetched, { signal: context.signal, onProgress: writing.update }))
  }
}

async function report(context: Context, cloned: Clone, flags: CloneFlags): Promise<void> {
  const { directory, commit, listed, fetched, isResumed } = cloned
  const { terminal } = context
  warnOfFailures(terminal, fetched?.failures)
  if (flags.json) {
    const { blocks, bytes, peer } = fetched ?? {}
    const { name, sequence } = listed
    const failures = failureDocuments([...(listed.refused ?? []), ...(fetched?.failures ?? [])])
    const what = { directory, commit: commit ?? null, name, sequence }
    return terminal.json({ ...what, blocks, bytes, peer, resumed: isResumed, failures })
  }
  if (commit === undefined) {
    const isEmpty = listed.refs.length === 0
    terminal.say(
      isEmpty
        ? 'warning: you appear to have cloned an empty repository'
        : 'warning: the HEAD there names no branch that is there: nothing is checked out',
    )
  }
  if (flags.quiet) return
  const received = fetched === undefined ? '' : ` (${blocksText(fetched)}${isResumed ? ', and what was there' : ''})`
  const what = commit === undefined ? '' : ` ${shortenCid(commit)}`
  await terminal.out(`cloned${what} into ${directory}${received}\n`)
}
