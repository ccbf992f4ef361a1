import { shortenCid } from '../../model/cid-text.ts'
import { clearStashes, dropStash } from '../../worktree/stash/drop-stash.ts'
import { listStashes } from '../../worktree/stash/stash-list.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { DIFF_VALUES } from '../diff/diff-forms.ts'
import { withRepository } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { currentPerson } from '../identity.ts'
import { declareApply, declareBranch } from '../stash/apply-command.ts'
import { declarePush } from '../stash/push-command.ts'
import { declareShow } from '../stash/show-command.ts'

interface ListFlags {
  quiet?: true
  json?: true
}

/** `jzfs stash`: puts local changes aside, and brings them back. */
export const stash: CommandModule = {
  attachedValues: DIFF_VALUES,
  configure(command, context) {
    // Options behind a subcommand are its own.
    declarePush(command.enablePositionalOptions(), context)
    declarePush(command.command('push').description('put local changes aside (as without a subcommand)'), context)
    command
      .command('list')
      .description('list what was put aside, the newest first')
      .option('--json', 'print one JSON document')
      .action((flags: ListFlags) => list(context, flags))
    declareShow(command.command('show').description('show what a stash changes'), context)
    declareApply(command.command('pop').description('bring a stash back, and take it off the list'), context, 'pop')
    declareApply(command.command('apply').description('bring a stash back'), context, 'apply')
    declareBranch(
      command.command('branch').description('bring a stash back on a new branch, where it was made'),
      context,
    )
    command
      .command('drop')
      .description('take a stash off the list')
      .argument('[stash]', 'stash@{1}, or 1; default: the newest')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((text: string | undefined, flags: ListFlags) => drop(context, text, flags))
    command
      .command('clear')
      .description('take all stashes off the list')
      .action(() =>
        withRepository(context, async (repository) => {
          const person = currentPerson(context, repository.config, 'COMMITTER')
          await clearStashes(repository, { command: context.commandLine, person })
        }),
      )
  },
}

function list(context: Context, { json }: ListFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    const entries = await Array.fromAsync(listStashes(repository))
    if (json) {
      const documents = entries.map(({ number, cid, message, person }) => {
        return { stash: `stash@{${number}}`, commit: cid, message, date: person.date }
      })
      return context.terminal.json({ stashes: documents })
    }
    const lines = entries.map(({ number, message }) => `stash@{${number}}: ${printableMessage(message)}\n`)
    await context.terminal.out(lines.join(''))
  })
}

function drop(context: Context, text: string | undefined, { quiet, json }: ListFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    const person = currentPerson(context, repository.config, 'COMMITTER')
    const { number, cid } = await dropStash(repository, text, { command: context.commandLine, person })
    if (json) return context.terminal.json({ stash: `stash@{${number}}`, commit: cid })
    if (!quiet) await context.terminal.out(`Dropped stash@{${number}} (${shortenCid(cid)})\n`)
  })
}
