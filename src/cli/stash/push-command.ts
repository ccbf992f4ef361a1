import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import { pushStash, type PushStashOptions } from '../../worktree/stash/push-stash.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, withWorktree } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { currentPerson } from '../identity.ts'
import { divideOperands } from '../operands.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'

interface PushFlags {
  message?: string
  includeUntracked?: true
  all?: true
  keepIndex?: true
  staged?: true
  quiet?: true
  json?: true
}

/** Declares `jzfs stash push`, which is `jzfs stash` as well. */
export function declarePush(command: Command, context: Context): void {
  command
    .argument('[pathspec...]', 'put aside only what is there')
    .option('-m, --message <text>', 'what it is listed as')
    .option('-u, --include-untracked', 'take untracked files along')
    .option('-a, --all', 'take ignored files along, too')
    .option('-k, --keep-index', 'leave what is staged as it is')
    .option('-S, --staged', 'take what is staged and nothing else')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((texts: string[], flags: PushFlags) => {
      const [word] = command.parent === null ? divideOperands(command, texts).before : []
      if (word !== undefined) throw noSubcommand(word)
      return push(context, texts, flags)
    })
}

function push(context: Context, texts: readonly string[], flags: PushFlags): Promise<void> {
  return withWorktree(context, async (repository) => {
    if (flags.staged && (flags.includeUntracked || flags.all || flags.keepIndex)) {
      throw new InvalidError('usage', 'stash: --staged goes with neither -u, -a nor -k', {
        hint: 'see `jzfs stash push --help`',
      })
    }
    const progress = createProgressLine(context.terminal, 'putting aside')
    const pushed = await pushStash(repository, {
      command: context.commandLine,
      person: currentPerson(context, repository.config, 'COMMITTER'),
      message: flags.message,
      pathspecs: readHistoricPathspecs(context, repository, texts),
      untracked: untrackedOf(flags),
      keepIndex: flags.keepIndex === true,
      stagedOnly: flags.staged === true,
      signal: context.signal,
      onProgress: progress.update,
      onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
    }).finally(progress.done)
    const { left = [], failed = [] } = pushed ?? {}
    if (left.length + failed.length > 0) context.status = EXIT.partial
    if (flags.json) {
      const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
      const { cid, message } = pushed ?? {}
      return context.terminal.json({ stash: cid ?? null, message: message ?? null, left, failed: failures })
    }
    sayNotDone(context, { left, failed })
    if (flags.quiet) return
    const text =
      pushed === undefined ? 'No local changes to save' : `Saved working directory and index state ${pushed.message}`
    await context.terminal.out(`${printableMessage(text)}\n`)
  })
}

/** A word that was meant as a subcommand must not put a file of its name aside. */
function noSubcommand(word: string): InvalidError {
  const hint =
    word === 'save'
      ? 'use `jzfs stash push -m TEXT`'
      : `to put aside what is at a path: \`jzfs stash push ${word}\`, or \`jzfs stash -- ${word}\``
  return new InvalidError('usage', `stash: there is no subcommand '${word}'`, { hint })
}

function untrackedOf({ all, includeUntracked }: PushFlags): NonNullable<PushStashOptions['untracked']> {
  if (all) return 'all'
  return includeUntracked ? 'untracked' : 'none'
}
