import type { Command } from 'commander'

import { diffRevisions } from '../../worktree/diff/find-diffs.ts'
import { findStash } from '../../worktree/stash/stash-list.ts'
import type { Context } from '../context.ts'
import { withColor } from '../diff/color-option.ts'
import { diffDocuments } from '../diff/diff-document.ts'
import { addDiffOptions, type DiffFlags, readDiffForms, showsNothing } from '../diff/diff-forms.ts'
import { renderDiffs } from '../diff/render-diffs.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { withPager } from '../pager.ts'
import { revisionOptions } from '../revisions.ts'

interface ShowFlags extends DiffFlags {
  includeUntracked?: true
  json?: true
}

/** Declares `jzfs stash show`: what a stash changes, from the commit that it was made on. */
export function declareShow(command: Command, context: Context): void {
  addDiffOptions(command)
    .argument('[stash]', 'stash@{1}, or 1; default: the newest')
    .option('--include-untracked', 'show untracked files, too')
    .option('--json', 'print one JSON document')
    .action((text: string | undefined, flags: ShowFlags) => show(context, text, flags))
}

function show(context: Context, text: string | undefined, flags: ShowFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    const { signal } = context
    const given = readDiffForms(flags, { default: 'nothing' })
    const forms = showsNothing(given) && !flags.json ? { ...given, stat: true } : given
    const { stash } = await findStash(repository, text, revisionOptions(context, repository))
    const { base, files, untracked } = stash.trees
    const options = { renames: forms.renames, isReversed: forms.isReversed, keeps: forms.keeps, signal }
    const diffs = await diffRevisions(repository, { before: base, after: files }, options)
    if (flags.includeUntracked && untracked !== undefined) {
      diffs.push(...(await diffRevisions(repository, { before: undefined, after: untracked }, options)))
    }
    if (flags.json)
      return context.terminal.json({ stash: stash.cid, changes: await diffDocuments(diffs, forms, { signal }) })
    await withPager(context, repository.config, async (pager) => {
      const terminal = withColor(pager, forms.color)
      await gatherOutput(terminal, async (output) => {
        const pieces = renderDiffs(diffs, forms, { terminal, columns: terminal.columns, signal })
        for await (const piece of pieces) await output.add(piece)
      })
    })
  })
}
