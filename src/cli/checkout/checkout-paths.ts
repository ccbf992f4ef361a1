import { shortenCid } from '../../model/cid-text.ts'
import { JzfsError } from '../../model/errors.ts'
import { resolveRevision } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { openIndex } from '../../worktree/index/open-index.ts'
import { restorePaths, type Restored } from '../../worktree/restore.ts'
import { type ConflictFlags, readConflictOptions } from '../conflict-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'
import { neither, revisionProblem } from '../revisions.ts'
import { sayError } from '../say-error.ts'

/** What `checkout` is told about paths. */
export interface CheckoutPathsFlags extends ConflictFlags {
  force?: true
  overlay: boolean
  quiet?: true
  json?: true
}

/** Brings paths back from the index, or from a revision into index and files, and says how many. */
export async function checkoutPaths(
  context: Context,
  repository: WorkingRepository,
  { source, paths, lone }: { source: string | undefined; paths: readonly string[]; lone?: string | undefined },
  flags: CheckoutPathsFlags,
  lookUp: RevisionOptions,
): Promise<void> {
  const conflict = readConflictOptions('checkout', flags, repository.config)
  const progress = createProgressLine(context.terminal, 'restoring')
  try {
    const restored = await restorePaths(repository, readHistoricPathspecs(context, repository, paths), {
      ...lookUp,
      command: context.commandLine,
      person: currentPerson(context, repository.config, 'COMMITTER'),
      source,
      overlay: flags.overlay,
      staged: source !== undefined,
      worktree: true,
      force: flags.force === true,
      ...conflict,
      ignoreUnmerged: conflict.ignoreUnmerged === true || (flags.force === true && conflict.conflict === undefined),
      onProgress: progress.update,
      onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
    }).finally(progress.done)
    await report(context, repository, restored, { ...flags, source }, lookUp)
  } catch (error) {
    if (lone === undefined || !(error instanceof JzfsError) || error.code !== 'pathspec-unmatched') throw error
    // A branch that is not there is more likely meant than a file that is not.
    const problem = await revisionProblem(repository, lone, lookUp)
    if (problem === undefined) throw error
    sayError(context.terminal, neither(problem, lone), flags.json === true)
    context.status = EXIT.partial
  }
}

async function report(
  context: Context,
  repository: WorkingRepository,
  restored: Restored,
  { source, merge, conflict, quiet, json }: CheckoutPathsFlags & { source: string | undefined },
  lookUp: RevisionOptions,
): Promise<void> {
  const { files, left, failed } = restored
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ ...restored, failed: failures })
  }
  sayNotDone(context, restored)
  if (quiet) return
  if (merge === true || conflict !== undefined) {
    const artefacts = new Set((await openIndex(repository)).artefacts().map(({ path }) => path))
    const conflicts = files.filter((path) => !artefacts.has(path))
    context.terminal.say(`Brought ${counted(conflicts)} back into conflict`)
    return
  }
  const from = source === undefined ? 'the index' : shortenCid((await resolveRevision(repository, source, lookUp)).cid)
  context.terminal.say(`Updated ${counted(files)} from ${from}`)
}

function counted(paths: readonly string[]): string {
  return `${paths.length} ${paths.length === 1 ? 'path' : 'paths'}`
}
