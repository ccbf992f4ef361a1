import { shortenCid } from '../../model/cid-text.ts'
import type { Repository } from '../../repo/repository.ts'
import { diffChanges, diffRevisions } from '../../worktree/diff/find-diffs.ts'
import type { Merged } from '../../worktree/merge/merge.ts'
import type { MergeResetReport } from '../../worktree/merge/reset-merge.ts'
import type { Context } from '../context.ts'
import { readDiffForms } from '../diff/diff-forms.ts'
import { renderDiffs } from '../diff/render-diffs.ts'
import { EXIT } from '../exit-status.ts'
import { gatherOutput } from '../gathered-output.ts'
import { sayNotDone } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { sayTakenIdentity } from '../identity.ts'

/** What is said of a merge. */
interface ReportFlags {
  stat: boolean
  squash: boolean
  quiet?: true
  json?: true
}

/** Says what came of a merge, as git does, and sets the exit status: 1 for conflicts. */
export async function reportMerge(
  context: Context,
  repository: Repository,
  merged: Merged,
  flags: ReportFlags,
): Promise<void> {
  const { outcome, left, failed } = merged
  if (outcome === 'conflicts' || left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) return context.terminal.json(mergeDocument(merged))
  sayNotDone(context, merged)
  if (flags.quiet) return
  if (outcome === 'merged') sayTakenIdentity(context, repository.config)
  const lines = [...merged.notes.map(({ text }) => printableMessage(text)), ...outcomeLines(merged, flags)]
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
  const isShown = outcome === 'fast-forward' || outcome === 'merged' || (outcome === 'waiting' && flags.squash)
  if (isShown && flags.stat) await showStat(context, repository, merged)
}

function outcomeLines({ outcome, before, after, theirs }: Merged, { squash }: ReportFlags): string[] {
  const range = before === undefined ? [] : [`Updating ${shortenCid(before)}..${shortenCid(theirs)}`]
  const lines = {
    'up-to-date': ['Already up to date.'],
    'fast-forward': [...range, 'Fast-forward'],
    merged: [`Merge made: ${shortenCid(after)}`],
    waiting: [
      squash
        ? 'Squash commit -- not updating HEAD'
        : 'Automatic merge went well; stopped before committing as requested',
    ],
    conflicts: ['Automatic merge failed; fix conflicts and then commit the result.'],
  }
  return lines[outcome]
}

async function showStat(
  { terminal, signal }: Context,
  repository: Repository,
  { trees, differences }: Pick<Merged, 'trees' | 'differences'>,
): Promise<void> {
  const options = { renames: true, signal }
  const diffs =
    differences === undefined
      ? await diffRevisions(repository, trees, options)
      : await diffChanges(repository, differences, options)
  const forms = readDiffForms({ renames: true, stat: '', summary: true }, { default: 'nothing' })
  await gatherOutput(terminal, async (output) => {
    const pieces = renderDiffs(diffs, forms, { terminal, columns: terminal.columns, signal })
    for await (const piece of pieces) await output.add(piece)
  })
}

/** What came of a merge, as JSON shows it. */
export function mergeDocument({ outcome, before, after, theirs, conflicts, notes, left, failed }: Merged): object {
  return {
    outcome,
    before: before ?? null,
    after,
    theirs,
    conflicts: conflicts.map(({ path, kind, stages, artefact, message }) => ({
      path,
      kind,
      stages: Object.keys(stages),
      artefact: artefact?.path ?? null,
      message,
    })),
    notes: notes.map(({ kind, path, text }) => ({ kind, path, text })),
    left,
    failed: failed.map(({ path, error }) => ({ path, code: error.code, message: error.message })),
  }
}

/** Says what came of giving a merge up. */
export async function reportAbortedMerge(
  context: Context,
  { discarded, left, failed }: MergeResetReport,
  flags: { json?: true },
): Promise<void> {
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ discarded, left, failed: failures })
  }
  sayNotDone(context, { left, failed })
}
