import type { Command } from 'commander'

import { renderDate } from '../../model/commit/date-style.ts'
import { escapeControls } from '../../model/quote-name.ts'
import { type CommandLogEntry, readCommandLog } from '../../repo/undo/command-log.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { readCount } from '../numbers.ts'
import { withPager } from '../pager.ts'
import { styled } from '../style.ts'
import { jsonLine, type Terminal } from '../terminal.ts'
import { commandDocument, firstOperation } from './command-document.ts'

interface OpLogFlags {
  maxCount?: string
  json?: true
}

/** Declares `jzfs op log`. */
export function declareOpLog(command: Command, context: Context): void {
  command
    .option('-n, --max-count <number>', 'list so many commands at most')
    .option('--json', 'print a JSON document on a line for each command')
    .action((flags: OpLogFlags) =>
      withRepository(context, async ({ layout, config }) => {
        const most = flags.maxCount === undefined ? Infinity : readCount('--max-count', flags.maxCount)
        const print = (terminal: Terminal) =>
          gatherOutput(terminal, async (output) => {
            let left = most
            for (const entry of readCommandLog(layout)) {
              if (left-- === 0) return
              await output.add(flags.json ? jsonLine(commandDocument(entry)) : textLine(context, entry, terminal))
            }
          })
        if (flags.json) await print(context.terminal)
        else await withPager(context, config, print)
      }),
    )
}

function textLine({ now }: Context, entry: CommandLogEntry, terminal: Terminal): string {
  const { command, person, undo } = firstOperation(entry)
  const number = styled(terminal, 'yellow', String(entry.first).padStart(4))
  const note = entry.isUndone ? '  (undone)' : undo === undefined ? '' : `  (of ${undo.of})`
  const date = renderDate(person.date, 'iso', now())
  return `${number}  ${date}  ${escapeControls(command)}${styled(terminal, 'dim', note)}\n`
}
