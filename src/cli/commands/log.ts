import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { addDiffOptions, type DiffFlags, type DiffForms, readDiffForms } from '../diff/diff-forms.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { commitChangeDocuments, commitDetails, type CommitChangeOptions, readShown } from '../history/commit-changes.ts'
import { commitDocument } from '../history/commit-document.ts'
import { isSeparated } from '../history/commit-format.ts'
import {
  addCommitStyleOptions,
  COMMIT_STYLE_VALUES,
  type CommitStyleFlags,
  readCommitStyle,
} from '../history/commit-style.ts'
import { type CommitStyle, renderCommit } from '../history/commit-text.ts'
import { type Decorations, readDecorations } from '../history/decorations.ts'
import { graphPaint } from '../history/graph-colors.ts'
import { createGraphDrawing } from '../history/graph-drawing.ts'
import { writeLog } from '../history/log-writer.ts'
import { addHistoryOptions, type HistoryFlags, type SelectedHistory, selectHistory } from '../history/select-history.ts'
import { withPager } from '../pager.ts'
import { jsonLine, type Terminal } from '../terminal.ts'

interface LogFlags extends HistoryFlags, CommitStyleFlags, DiffFlags {
  graph?: true
  diffMerges?: true
  json?: true
}

/** `jzfs log`: shows commits. */
export const log: CommandModule = {
  attachedValues: COMMIT_STYLE_VALUES,
  configure(command, context) {
    addDiffOptions(addCommitStyleOptions(addHistoryOptions(command)))
      .option('--graph', 'draw the lines of history to the left')
      .option('-m, --diff-merges', 'compare merges with their first parent too')
      .option('--json', 'print a JSON document on a line for each commit')
      .action((operands: string[], flags: LogFlags) => runLog(context, command, operands, flags))
  },
}

function runLog(context: Context, command: Command, operands: string[], flags: LogFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    if (flags.graph && flags.reverse) {
      throw new InvalidError('usage', '--graph and --reverse do not go together', { hint: 'leave out one of them' })
    }
    const drawn = flags.graph === true && !flags.json
    const forms = readDiffForms(flags, { default: 'nothing' })
    const selected = await selectHistory(context, repository, { command, operands, flags, drawn })
    if (flags.json) return printDocuments(context, repository, selected, { flags, forms })
    // What cannot be shown is said before a pager takes the screen.
    readCommitStyle(context, context.terminal, flags)
    await withPager(context, repository.config, async (terminal) => {
      await print(context, terminal, repository, selected, { flags, forms })
    })
  })
}

interface LogOptions {
  flags: LogFlags
  forms: DiffForms
}

async function print(
  context: Context,
  terminal: Terminal,
  repository: Repository,
  selected: SelectedHistory,
  options: LogOptions,
): Promise<void> {
  const style = readCommitStyle(context, terminal, options.flags)
  const separated = isSeparated(style.format)
  const graph = options.flags.graph ? createGraphDrawing(graphPaint(terminal), { gap: separated }) : undefined
  const changes = changeOptions(selected, options)
  const decorations: Decorations = wantsDecorations(style) ? await readDecorations(repository) : new Map()
  await writeLog(terminal, { isSeparated: separated, graph }, async (write) => {
    for await (const node of selected.commits) {
      const shown = await readShown(context, repository, node.cid, decorations)
      const columns = terminal.columns - (graph?.width ?? 0)
      const details = commitDetails(context, repository, shown, { ...changes, style, columns })
      await write(node, renderCommit(shown, style), details)
    }
  })
}

function changeOptions({ graph, pathspecs }: SelectedHistory, { flags, forms }: LogOptions): CommitChangeOptions {
  return { graph, pathspecs, forms, merges: flags.diffMerges || flags.firstParent ? 'first-parent' : 'none' }
}

function wantsDecorations({ decorate, format }: CommitStyle): boolean {
  return decorate !== undefined || (format.kind === 'template' && /%[dD]/.test(format.template))
}

async function printDocuments(
  context: Context,
  repository: Repository,
  selected: SelectedHistory,
  options: LogOptions,
): Promise<void> {
  const decorations = await readDecorations(repository)
  const wanted = changeOptions(selected, options)
  await gatherOutput(context.terminal, async (output) => {
    for await (const node of selected.commits) {
      const shown = await readShown(context, repository, node.cid, decorations)
      const changes = await commitChangeDocuments(context, repository, shown, wanted)
      await output.add(jsonLine({ ...commitDocument(shown), changes }))
    }
  })
}
