import type { RefAuthor } from '../../repo/refs/branch.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Context } from '../context.ts'
import { currentPerson } from '../identity.ts'

/** Who changes refs and configuration, and by which command line. */
export function refAuthor(context: Context, { config }: Pick<Repository, 'config'>): RefAuthor {
  return { command: context.commandLine, person: currentPerson(context, config, 'COMMITTER') }
}
