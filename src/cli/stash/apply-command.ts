import type { Command } from 'commander'

import { shortenCid } from '../../model/cid-text.ts'
import { applyStash, type AppliedStash } from '../../worktree/stash/apply-stash.ts'
import { findStash } from '../../worktree/stash/stash-list.ts'
import { switchTo } from '../../worktree/switch/switch.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree, type WorkingRepository } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { currentPerson } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'

interface ApplyFlags {
  index?: true
  quiet?: true
  json?: true
}

/** Declares `jzfs stash pop` or `apply`. */
export function declareApply(command: Command, context: Context, kind: 'pop' | 'apply'): void {
  command
    .argument('[stash]', 'stash@{1}, or 1; default: the newest')
    .option('--index', 'stage again what was staged')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((stash: string | undefined, flags: ApplyFlags) =>
      withWorktree(context, (repository) => apply(context, repository, { stash, flags, drop: kind === 'pop' })),
    )
}

/** Declares `jzfs stash branch`. */
export function declareBranch(command: Command, context: Context): void {
  command
    .argument('<branch>', 'make this branch at the commit that the stash was made on')
    .argument('[stash]', 'stash@{1}, or 1; default: the newest')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((branch: string, text: string | undefined, given: ApplyFlags) => {
      const flags: ApplyFlags = { ...given, index: true }
      return withWorktree(context, async (repository) => {
        const { stash, entry } = await findStash(repository, text, revisionOptions(context, repository))
        const person = currentPerson(context, repository.config, 'COMMITTER')
        const start = stash.base.toString()
        await switchTo(repository, { create: branch, start }, { command: context.commandLine, person })
        if (!flags.quiet) context.terminal.say(`Switched to a new branch '${branch}'`)
        await apply(context, repository, { stash: text, flags, drop: entry !== undefined })
      })
    })
}

async function apply(
  context: Context,
  repository: WorkingRepository,
  { stash, flags, drop }: { stash: string | undefined; flags: ApplyFlags; drop: boolean },
): Promise<void> {
  const progress = createProgressLine(context.terminal, 'bringing back')
  const applied = await applyStash(repository, {
    ...revisionOptions(context, repository),
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    stash,
    restoreIndex: flags.index === true,
    drop,
    style: repository.config.get('merge.conflictStyle'),
    onProgress: progress.update,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }).finally(progress.done)
  await report(context, applied, { stash, flags, drop })
}

async function report(
  context: Context,
  { cid, dropped, conflicts, notes, left, failed }: AppliedStash,
  { stash, flags, drop }: { stash: string | undefined; flags: ApplyFlags; drop: boolean },
): Promise<void> {
  const { terminal } = context
  if (conflicts.length + left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    const paths = conflicts.map(({ path, kind }) => ({ path, kind }))
    return terminal.json({ stash: cid, dropped, conflicts: paths, left, failed: failures })
  }
  sayNotDone(context, { left, failed })
  if (!flags.quiet) for (const { text } of notes) await terminal.out(`${printableMessage(text)}\n`)
  if (conflicts.length > 0) {
    if (flags.index) terminal.say('What was staged was not staged again.')
    if (drop) terminal.say('The stash stays on the list: `jzfs stash drop` takes it off once all is settled.')
  } else if (!flags.quiet) {
    await terminal.out(`${dropped ? 'Dropped' : 'Applied'} ${placeOf(stash)} (${shortenCid(cid)})\n`)
  }
}

/** A stash as `jzfs stash list` names it. */
function placeOf(text = '0'): string {
  return /^\d+$/.test(text) ? `stash@{${text}}` : text
}
