import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { followFile } from '../../worktree/diff/follow-file.ts'
import { fromByteString } from '../../worktree/index/byte-string.ts'
import type { Pathspec } from '../../worktree/pathspec/pathspec.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withColor } from '../diff/color-option.ts'
import { addDiffOptions, DIFF_VALUES, type DiffFlags, readDiffForms } from '../diff/diff-forms.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import {
  type ChangeFinder,
  choosesByChanges,
  type CommitChangeOptions,
  createChangeFinder,
} from '../history/commit-changes.ts'
import { commitDocument } from '../history/commit-document.ts'
import { changeDocuments, renderEntry } from '../history/commit-entry.ts'
import { isSeparated } from '../history/commit-format.ts'
import {
  addCommitStyleOptions,
  COMMIT_STYLE_VALUES,
  type CommitStyleFlags,
  readCommitStyle,
} from '../history/commit-style.ts'
import type { CommitStyle } from '../history/commit-text.ts'
import { type Decorations, readDecorations } from '../history/decorations.ts'
import { graphPaint } from '../history/graph-colors.ts'
import { createGraphDrawing } from '../history/graph-drawing.ts'
import { addHistoryOptions, HISTORY_VALUES, type HistoryFlags } from '../history/history-options.ts'
import { writeLog } from '../history/log-writer.ts'
import { addMergeOptions, type MergeFlags, readMergeForm } from '../history/merge-form.ts'
import { addPickaxeOptions, type PickaxeFlags, readPickaxe } from '../history/pickaxe-options.ts'
import { readShown } from '../history/read-shown.ts'
import { type CommitCondition, type SelectedHistory, selectHistory } from '../history/select-history.ts'
import { withPager } from '../pager.ts'
import { directoryInTree } from '../revisions.ts'
import { jsonLine, type Terminal } from '../terminal.ts'

interface LogFlags extends HistoryFlags, CommitStyleFlags, DiffFlags, MergeFlags, PickaxeFlags {
  graph?: true
  follow?: true
  json?: true
}

/** `jzfs log`: shows commits. */
export const log: CommandModule = {
  attachedValues: { ...HISTORY_VALUES, ...COMMIT_STYLE_VALUES, ...DIFF_VALUES },
  configure(command, context) {
    addPickaxeOptions(addMergeOptions(addDiffOptions(addCommitStyleOptions(addHistoryOptions(command)))))
      .option('--follow', 'follow one file back, also where it had another name')
      .option('--graph', 'draw the lines of history to the left')
      .option('--json', 'print a JSON document on a line for each commit')
      .action((operands: string[], flags: LogFlags) => runLog(context, command, operands, flags))
  },
}

/** One run of the command. */
interface LogRun {
  flags: LogFlags
  selected: SelectedHistory
  options: CommitChangeOptions
  finder: ChangeFinder
}

function runLog(context: Context, command: Command, operands: string[], flags: LogFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    if (flags.graph && flags.reverse) {
      throw new InvalidError('usage', '--graph and --reverse do not go together', { hint: 'leave out one of them' })
    }
    const run = await prepare(context, repository, { command, operands, flags })
    if (flags.json) return printDocuments(context, repository, run)
    // What cannot be shown is said before a pager takes the screen.
    readCommitStyle(context, context.terminal, flags)
    await withPager(context, repository.config, async (terminal) => {
      await print(context, withColor(terminal, run.options.forms.color), repository, run)
    })
  })
}

async function prepare(
  context: Context,
  repository: Repository,
  { command, operands, flags }: { command: Command; operands: string[]; flags: LogFlags },
): Promise<LogRun> {
  const merges = readMergeForm(flags) ?? (flags.firstParent ? 'first-parent' : 'none')
  const isPatch = merges === 'combined' || merges === 'dense'
  const directory = directoryInTree(context, repository)
  const forms = readDiffForms(flags, { default: isPatch ? 'patch' : 'nothing', directory })
  const pickaxe = readPickaxe(flags)
  let found: Omit<LogRun, 'flags' | 'selected'> | undefined
  const selected = await selectHistory(context, repository, {
    command,
    operands,
    flags,
    drawn: flags.graph === true && !flags.json,
    followsPath: flags.follow === true,
    condition(graph, pathspecs) {
      const options = { repository, graph, pathspecs, forms, merges, pickaxe }
      const finder = createChangeFinder(context, options)
      found = { options, finder }
      return flags.follow ? follows(context, options, finder) : changes(options, finder)
    },
  })
  if (found === undefined) throw new TypeError('The history was selected without its condition')
  return { flags, selected, ...found }
}

/** Chooses commits by their changes, where that is asked for. */
function changes(options: CommitChangeOptions, finder: ChangeFinder): CommitCondition | undefined {
  if (!choosesByChanges(options)) return undefined
  return async (commit) => {
    const found = await finder.changesOf(commit)
    finder.note(commit.id, found)
    return found.length > 0
  }
}

/** Chooses the commits that changed one file, whatever its name was. */
function follows(context: Context, options: CommitChangeOptions, finder: ChangeFinder): CommitCondition {
  const { repository, graph, forms, pickaxe } = options
  const { signal } = context
  const follower = followFile(repository, graph, pathOf(options.pathspecs), { similarity: forms.similarity, signal })
  return async (commit) => {
    const change = await follower.changeBy(commit, { signal })
    if (change === undefined || forms.keeps?.(change) === false) return false
    if (pickaxe !== undefined && !(await pickaxe(change, { signal }))) return false
    finder.note(commit.id, [{ diffs: [change] }])
    return true
  }
}

function pathOf(pathspecs: readonly Pathspec[]): string {
  const [pathspec, ...more] = pathspecs
  if (pathspec !== undefined && more.length === 0 && !pathspec.isExclude && pathspec.pattern === undefined) {
    return fromByteString(pathspec.key)
  }
  throw new InvalidError('usage', '--follow wants one path', { hint: 'name one file: `jzfs log --follow FILE`' })
}

async function print(context: Context, terminal: Terminal, repository: Repository, run: LogRun): Promise<void> {
  const { flags, selected, options, finder } = run
  const style = readCommitStyle(context, terminal, flags)
  const separated = isSeparated(style.format)
  const graph = flags.graph ? createGraphDrawing(graphPaint(terminal), { gap: separated }) : undefined
  const decorations: Decorations = wantsDecorations(style) ? await readDecorations(repository) : new Map()
  await writeLog(terminal, { isSeparated: separated, graph }, async (write) => {
    const display = { ...options, terminal, columns: terminal.columns, signal: context.signal, style }
    for await (const node of selected.commits) {
      // What is there needs no promise: there may be many thousand commits.
      const marked = node.side === undefined || flags.leftRight ? node : { id: node.id }
      const reading = readShown(context, options.graph, marked, decorations)
      const shown = reading instanceof Promise ? await reading : reading
      const finding = finder.changesOf(node)
      const found = finding instanceof Promise ? await finding : finding
      const entry =
        graph === undefined
          ? renderEntry(shown, found, display)
          : renderEntry({ ...shown, mark: undefined }, found, { ...display, columns: terminal.columns - graph.width })
      const writing = write({ id: node.id, parents: node.parents, mark: shown.mark }, entry.text, entry.details)
      if (writing !== undefined) await writing
    }
  })
}

function wantsDecorations({ decorate, format }: CommitStyle): boolean {
  return decorate !== undefined || (format.kind === 'template' && /%[-+ ]?[dD]/.test(format.template))
}

async function printDocuments(
  context: Context,
  repository: Repository,
  { selected, options, finder }: LogRun,
): Promise<void> {
  const decorations = await readDecorations(repository)
  await gatherOutput(context.terminal, async (output) => {
    for await (const node of selected.commits) {
      const shown = await readShown(context, options.graph, node, decorations)
      const found = await changeDocuments(await finder.changesOf(node), options.forms, { signal: context.signal })
      await output.add(jsonLine({ ...commitDocument(shown), changes: found }))
    }
  })
}
