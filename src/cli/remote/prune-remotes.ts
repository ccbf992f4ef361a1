import { readRemote } from '../../repo/remote/remote-config.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { shortRefName } from '../refs/ref-template.ts'
import { refAuthor } from './ref-author.ts'
import { listRemote } from './show-remote.ts'

/** The flags of `remote prune`. */
export interface PruneFlags {
  dryRun?: true
  quiet?: true
  json?: true
}

/** `remote prune NAME…`: removes refs of branches that remotes have no longer. */
export function pruneRemotes(context: Context, names: readonly string[], flags: PruneFlags): Promise<void> {
  const isDryRun = flags.dryRun === true
  return withRepository(context, async (repository) => {
    const { pruneTracking } = await import('../../sync/remote/tracked-branches.ts')
    const documents: object[] = []
    for (const name of names) {
      const config = readRemote(repository.config, name)
      const listed = await listRemote(context, repository, config)
      const pruned = await pruneTracking(repository, name, listed, { ...refAuthor(context, repository), isDryRun })
      documents.push({ remote: name, url: config.url, pruned })
      if (pruned.length === 0 || flags.json || flags.quiet) continue
      const verb = isDryRun ? 'would prune' : 'pruned'
      const lines = pruned.map((ref) => ` * [${verb}] ${shortRefName(ref)}\n`)
      await context.terminal.out(`Pruning ${name}\nURL: ${config.url}\n${lines.join('')}`)
    }
    if (flags.json) await context.terminal.json({ dryRun: isDryRun, remotes: documents })
  })
}
