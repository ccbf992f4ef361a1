import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { updateRef as changeRef } from '../../repo/update-ref.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { revisionOptions } from '../revisions.ts'

interface UpdateRefFlags {
  delete?: true
  message?: string
  json?: true
}

/** `jzfs update-ref`: changes a ref, if it still is what was expected. */
export const updateRef: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'full name of the ref, or HEAD')
      .argument(
        '[revision...]',
        'what it shall name, and what it must name before ("" for nothing); with -d only the latter',
      )
      .option('-d, --delete', 'delete the ref')
      .option('-m, --message <text>', 'write this to the log of the ref')
      .option('--json', 'print one JSON document')
      .action((ref: string, revisions: string[], flags: UpdateRefFlags) =>
        withRepository(context, (repository) => run(context, repository, { ref, revisions, flags })),
      )
  },
}

async function run(
  context: Context,
  repository: Repository,
  { ref, revisions, flags }: { ref: string; revisions: string[]; flags: UpdateRefFlags },
): Promise<void> {
  const wanted = flags.delete ? [undefined, ...revisions] : revisions
  if (wanted.length === 0 || wanted.length > 2 || (flags.delete !== true && wanted[0] === '')) {
    throw new InvalidError('usage', 'update-ref wants REF NEW [OLD], or -d REF [OLD]', {
      hint: 'see `jzfs update-ref --help`',
    })
  }
  const options = revisionOptions(context, repository)
  const find = async (text: string) => (await resolveRevision(repository, text, options)).cid
  const [next, old] = wanted
  const after: CID | undefined = next === undefined ? undefined : await find(next)
  const expected = old === undefined ? undefined : { cid: isNothing(old) ? undefined : await find(old) }
  const before = await changeRef(
    repository,
    { name: ref, after, message: flags.message ?? '', ...(expected !== undefined && { expected }) },
    { command: context.commandLine, person: currentPerson(context, repository.config, 'COMMITTER') },
  )
  if (flags.json) await context.terminal.json({ ref, before: before ?? null, after: after ?? null })
}

/** Git's zeros, too. */
function isNothing(text: string): boolean {
  return /^0*$/.test(text)
}
