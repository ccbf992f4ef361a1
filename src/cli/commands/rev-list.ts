import { InvalidError } from '../../model/errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { addHistoryOptions, HISTORY_VALUES, type HistoryFlags } from '../history/history-options.ts'
import { namesRevisions } from '../history/revision-arguments.ts'
import { type SelectedHistory, selectHistory } from '../history/select-history.ts'
import { jsonLine } from '../terminal.ts'

interface RevListFlags extends HistoryFlags {
  count?: true
  parents?: true
  json?: true
}

/** `jzfs rev-list`: lists commits by CID. */
export const revList: CommandModule = {
  attachedValues: HISTORY_VALUES,
  configure(command, context) {
    addHistoryOptions(command)
      .option('--count', 'print only how many there are')
      .option('--parents', 'print the parents behind each commit')
      .option('--json', 'print a JSON document on a line for each commit')
      .action((operands: string[], flags: RevListFlags) =>
        withRepository(context, async (repository) => {
          if (!namesRevisions(command, operands)) throw nothingNamed()
          const rewrites = flags.parents === true || flags.json === true
          const selected = await selectHistory(context, repository, { command, operands, flags, rewrites })
          await (flags.count ? printCount(context, selected, flags) : print(context, selected, flags))
        }),
      )
  },
}

function print({ terminal }: Context, { commits }: SelectedHistory, flags: RevListFlags): Promise<void> {
  return gatherOutput(terminal, async (output) => {
    for await (const { id, parents, side } of commits) {
      const mark = flags.leftRight ? (side === 'left' ? '<' : '>') : ''
      if (flags.json) await output.add(jsonLine({ commit: id, parents, side }))
      else await output.add(`${mark}${flags.parents ? [id, ...parents].join(' ') : id}\n`)
    }
  })
}

async function printCount(
  { terminal }: Context,
  { commits }: SelectedHistory,
  { json, leftRight }: RevListFlags,
): Promise<void> {
  const counts = { left: 0, right: 0 }
  for await (const { side = 'right' } of commits) counts[side]++
  const count = counts.left + counts.right
  if (json) return terminal.json(leftRight ? { count, ...counts } : { count })
  await terminal.out(leftRight ? `${counts.left}\t${counts.right}\n` : `${count}\n`)
}

function nothingNamed(): InvalidError {
  return new InvalidError('usage', 'rev-list wants a revision', { hint: 'name one (HEAD), or give --all' })
}
