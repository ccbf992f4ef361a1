import type { CID } from 'multiformats/cid'

import { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RemoteRefs } from '../../sync/remote/remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { matchesRefGlob } from '../refs/ref-pattern.ts'
import { type ChosenRemote, chooseRemote, withRemote } from '../remote/open-remote-here.ts'
import { failureDocuments } from '../remote/refused-peers.ts'

interface LsRemoteFlags {
  heads?: true
  tags?: true
  refs?: true
  exitCode?: true
  peer?: string[]
  allowExpired?: true
  quiet?: true
  json?: true
}

/** `jzfs ls-remote`: lists what a remote has. */
export const lsRemote: CommandModule = {
  configure(command, context) {
    command
      .argument('[remote]', 'its name, or a URL (default: what the branch follows)')
      .argument('[pattern...]', 'show only refs whose name ends so')
      .option('-H, --heads', 'show branches')
      .option('-t, --tags', 'show tags')
      .option('--refs', 'do not show HEAD')
      .option('--exit-code', 'exit with 2 where nothing is found')
      .option('--peer <address>', 'ask this node as well; may be repeated', collect)
      .option('--allow-expired', 'accept a record whose life is over')
      .option('-q, --quiet', 'do not say where the list is from')
      .option('--json', 'print one JSON document')
      .action((remote: string | undefined, patterns: string[], flags: LsRemoteFlags) =>
        run(context, remote, patterns, flags),
      )
  },
}

async function run(
  context: Context,
  text: string | undefined,
  patterns: readonly string[],
  flags: LsRemoteFlags,
): Promise<void> {
  const listed = await withRepositoryIfAny(context, text, async (repository) => {
    const chosen: ChosenRemote =
      repository === undefined ? { config: undefined, url: text ?? '' } : await chooseRemote(repository, text)
    const { peer: peers = [], allowExpired } = flags
    const refs = await withRemote(context, { ...chosen, local: repository, peers, allowExpired }, (remote) =>
      remote.list({ signal: context.signal }),
    )
    if (text === undefined && !flags.quiet) context.terminal.say(`From ${chosen.url}`)
    return refs
  })
  const shown = shownRefs(listed, patterns, flags)
  if (flags.exitCode === true && shown.length === 0) context.status = 2
  if (flags.json !== true)
    return context.terminal.out(shown.map(({ name, cid }) => `${cid.toString()}\t${name}\n`).join(''))
  await context.terminal.json({
    name: listed.name ?? null,
    head: listed.head ?? null,
    writable: listed.writable,
    refs: shown,
    failures: failureDocuments(listed.refused),
  })
}

function shownRefs(
  { refs, head }: RemoteRefs,
  patterns: readonly string[],
  flags: LsRemoteFlags,
): { name: string; cid: CID }[] {
  const current = refs.find(({ name }) => name === head)
  const isLimited = flags.heads === true || flags.tags === true
  const all = current === undefined || isLimited || flags.refs === true ? refs : [{ ...current, name: 'HEAD' }, ...refs]
  const kinds = [...(flags.heads === true ? ['refs/heads/'] : []), ...(flags.tags === true ? ['refs/tags/'] : [])]
  return all
    .filter(({ name }) => !isLimited || kinds.some((kind) => name.startsWith(kind)))
    .filter(({ name }) => patterns.length === 0 || patterns.some((each) => matchesRefGlob(`*/${each}`, `/${name}`)))
}

/** A URL can be asked from anywhere. */
async function withRepositoryIfAny<Result>(
  context: Context,
  text: string | undefined,
  work: (repository: Repository | undefined) => Promise<Result>,
): Promise<Result> {
  let isHere = false
  try {
    return await withRepository(context, (repository) => {
      isHere = true
      return work(repository)
    })
  } catch (error) {
    const isNone = !isHere && error instanceof JzfsError && error.code === 'not-a-repository'
    if (!isNone || text === undefined) throw error
    return work(undefined)
  }
}
