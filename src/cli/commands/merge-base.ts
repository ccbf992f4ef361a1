import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor, mergeBasesWithAny } from '../../repo/merge-base.ts'
import { forkPoint } from '../../repo/merge-base/fork-point.ts'
import { independentCommits, octopusBases } from '../../repo/merge-base/octopus.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import { findRef } from '../../repo/revision/find-ref.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withRepository } from '../here.ts'
import { revisionOptions } from '../revisions.ts'

interface MergeBaseFlags {
  all?: true
  octopus?: true
  independent?: true
  isAncestor?: true
  forkPoint?: true
  json?: true
}

/** `jzfs merge-base`: finds the best common ancestors of commits. */
export const mergeBase: CommandModule = {
  configure(command, context) {
    command
      .argument('<revision...>', 'two commits; of more, the first with a merge of all the others')
      .option('-a, --all', 'print all merge bases, not only the newest')
      .option('--octopus', 'print what all the commits have in common')
      .option('--independent', 'print those of the commits that no other one has in its history')
      .option(
        '--is-ancestor',
        'print nothing; exit with 0 where the second commit has the first in its history, else 1',
      )
      .option('--fork-point', 'REF [REV]: print where REV (default: HEAD) left REF, by the log of REF')
      .option('--json', 'print one JSON document')
      .action((revisions: string[], flags: MergeBaseFlags) =>
        withRepository(context, (repository) => run(context, repository, revisions, flags)),
      )
  },
}

async function run(
  context: Context,
  repository: Repository,
  revisions: string[],
  flags: MergeBaseFlags,
): Promise<void> {
  const modes = [flags.octopus, flags.independent, flags.isAncestor, flags.forkPoint].filter(Boolean)
  if (modes.length > 1) throw usage('--octopus, --independent, --is-ancestor and --fork-point exclude each other')
  const options = revisionOptions(context, repository)
  if (flags.forkPoint) return print(context, await findForkPoint(repository, revisions, options), flags)
  const commits: CID[] = []
  for (const revision of revisions) commits.push(await resolveCommit(repository, revision, options))
  const [first, second, ...more] = commits as [CID, CID?, ...CID[]]
  if (flags.isAncestor) {
    if (second === undefined || more.length > 0) throw usage('--is-ancestor wants two commits')
    const answer = await isAncestor(options.graph, first, second, options)
    if (flags.json) await context.terminal.json({ isAncestor: answer })
    if (!answer) context.status = EXIT.partial
    return
  }
  if (flags.octopus) return print(context, await octopusBases(options.graph, commits, options), flags)
  if (flags.independent) {
    return print(context, await independentCommits(options.graph, commits, options), { ...flags, all: true })
  }
  if (second === undefined) throw usage('merge-base wants two commits')
  await print(context, await mergeBasesWithAny(options.graph, first, [second, ...more], options), flags)
}

async function findForkPoint(
  repository: Repository,
  [name = '', revision = 'HEAD', ...more]: string[],
  options: RevisionOptions & { graph: CommitGraph },
): Promise<CID[]> {
  if (more.length > 0) throw usage('--fork-point wants REF and one commit')
  const cid = await resolveCommit(repository, name, options)
  const ref = await findRef(repository, name)
  if (ref === undefined) throw usage(`--fork-point wants a ref, and ${name} is none`)
  const commit = await resolveCommit(repository, revision, options)
  const found = await forkPoint(options.graph, repository.refs, { name: ref.name, cid }, commit, options)
  return found === undefined ? [] : [found]
}

async function print(context: Context, found: CID[], { all, json }: MergeBaseFlags): Promise<void> {
  const shown = all ? found : found.slice(0, 1)
  if (json) await context.terminal.json({ commits: shown })
  else await context.terminal.out(shown.map((cid) => `${cid.toString()}\n`).join(''))
  if (found.length === 0) context.status = EXIT.partial
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', message, { hint: 'see `jzfs merge-base --help`' })
}
