import type { Command } from 'commander'

import { shortenCid } from '../../model/cid-text.ts'
import { renderDate } from '../../model/commit/date-style.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { readDateStyle } from '../history/commit-style.ts'
import { readCount } from '../numbers.ts'
import { withPager } from '../pager.ts'
import { shortRefName } from '../refs/ref-template.ts'
import { type LoggedChange, readReflogs } from '../refs/reflog-list.ts'
import { styled } from '../style.ts'
import { jsonLine, type Terminal } from '../terminal.ts'

interface ReflogFlags {
  all?: true
  maxCount?: string
  date?: string
  json?: true
}

/** `jzfs reflog`: what branches and HEAD were. */
export const reflog: CommandModule = {
  configure(command, context) {
    // Options behind a subcommand are its own.
    declare(command.enablePositionalOptions(), context)
    declare(command.command('show').description('list the values of a ref (as without a subcommand)'), context)
  },
}

function declare(command: Command, context: Context): void {
  command
    .argument('[ref]', 'list what this branch, or other ref, was: main, main@{5}, main@{yesterday} (default: HEAD)')
    .option('--all', 'list the values of HEAD and all refs')
    .option('-n, --max-count <number>', 'list so many values at most')
    .option('--date <style>', 'name the values by their dates, in a style of `jzfs log --date`')
    .option('--json', 'print a JSON document on a line for each value')
    .addHelpText('after', HELP)
    .action((name: string | undefined, flags: ReflogFlags) => run(context, name, flags))
}

const HELP = `
The newest value comes first. Each can be named wherever a revision is wanted:
HEAD@{2} is where HEAD was two moves ago, main@{yesterday} what main was then.
Old values leave the log with \`jzfs gc\` (gc.reflogExpire).`

async function run(context: Context, name: string | undefined, flags: ReflogFlags): Promise<void> {
  await withRepository(context, async (repository) => {
    const most = flags.maxCount === undefined ? Infinity : readCount('--max-count', flags.maxCount)
    const style = flags.date === undefined ? undefined : readDateStyle(flags.date)
    const changes = readReflogs(context, repository, { name, all: flags.all === true })
    const print = (terminal: Terminal) =>
      gatherOutput(terminal, async (output) => {
        let left = most
        if (left === 0) return
        for await (const change of changes) {
          const at = style === undefined ? undefined : renderDate(change.person.date, style, context.now())
          await output.add(flags.json ? jsonLine(document(change)) : textLine(terminal, change, at))
          if (--left === 0) return
        }
      })
    if (flags.json) await print(context.terminal)
    else await withPager(context, repository.config, print)
  })
}

function textLine(terminal: Terminal, change: LoggedChange, date: string | undefined): string {
  const { ref, nth, after, message, isHere } = change
  const cid = after === undefined ? '(nothing)' : shortenCid(after)
  const note = isHere ? '' : styled(terminal, 'dim', ' (not here any more)')
  const name = `${shortRefName(ref)}@{${date ?? nth}}`
  return `${styled(terminal, 'yellow', cid)} ${name}: ${printableMessage(message)}${note}\n`
}

function document({ ref, nth, before, after, person, message, operation, isHere }: LoggedChange): object {
  return { ref, nth, before: before ?? null, after: after ?? null, message, person, operation, here: isHere }
}
