import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { DAG_JSON } from '../../model/cid.ts'
import { InvalidError } from '../../model/errors.ts'
import { readNode } from '../../model/unixfs/node.ts'
import type { Config } from '../../repo/config/config.ts'
import { mergeBases } from '../../repo/merge-base.ts'
import type { Repository } from '../../repo/repository.ts'
import { type RangeSyntax, splitRange } from '../../repo/revision-range.ts'
import { resolveCommit, resolveRevision } from '../../repo/revision.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import { entrySide, type FileDiff } from '../../worktree/diff/file-diff.ts'
import {
  type DiffOptions,
  diffRevisions,
  diffStaged,
  diffUnstaged,
  diffWorktree,
} from '../../worktree/diff/find-diffs.ts'
import { diffOutside } from '../../worktree/diff/outside-diffs.ts'
import { isUnchanged } from '../../worktree/diff/render-patch.ts'
import { diffContent } from '../../worktree/diff/text-diff.ts'
import { headTree, openIndex, type OpenIndexOptions } from '../../worktree/index/open-index.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withColor } from '../diff/color-option.ts'
import { diffDocuments } from '../diff/diff-document.ts'
import { addDiffOptions, DIFF_VALUES, type DiffFlags, type DiffForms, readDiffForms } from '../diff/diff-forms.ts'
import { renderDiffs } from '../diff/render-diffs.ts'
import { EXIT } from '../exit-status.ts'
import { gatherOutput } from '../gathered-output.ts'
import { requireWorktree, withRepository } from '../here.ts'
import { divideOperands } from '../operands.ts'
import { withPager } from '../pager.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { directoryInTree, revisionOptions, splitArguments } from '../revisions.ts'

interface DiffCommandFlags extends DiffFlags {
  cached?: true
  staged?: true
  base?: true
  ours?: true
  theirs?: true
  index?: false
  exitCode?: true
  quiet?: true
  json?: true
}

/** `jzfs diff`: shows what differs between commits, index and files. */
export const diff: CommandModule = {
  attachedValues: DIFF_VALUES,
  configure(command, context) {
    addDiffOptions(command)
      .argument(
        '[revision-or-path...]',
        'compare files with the index, with REV, or A with B; A..B is A B, A...B since they parted',
      )
      .option('--cached', 'compare the index with HEAD or with REV')
      .option('--staged', 'the same')
      .option('-1, --base', 'compare files in conflict with what both sides came from')
      .option('-2, --ours', 'compare files in conflict with our side')
      .option('-3, --theirs', 'compare files in conflict with their side')
      .option('--no-index', 'compare two files or folders, wherever they are')
      .option('--exit-code', 'exit with 1 where something differs')
      .option('-q, --quiet', 'print nothing, and exit with 1 where something differs')
      .option('--json', 'print one JSON document')
      .action((operands: string[], flags: DiffCommandFlags) => runDiff(context, command, operands, flags))
  },
}

function runDiff(context: Context, command: Command, operands: string[], flags: DiffCommandFlags): Promise<void> {
  if (flags.index === false) return runOutside(context, command, operands, flags)
  return withRepository(context, async (repository) => {
    const directory = directoryInTree(context, repository)
    const forms = readDiffForms(flags, { default: flags.json ? 'nothing' : 'patch', directory })
    const lookUp = revisionOptions(context, repository)
    const divided = divideOperands(command, operands)
    const { revisions, paths } = await splitArguments(context, repository, divided, lookUp)
    const comparing: Comparing = {
      context,
      repository,
      lookUp,
      options: {
        pathspecs: readHistoricPathspecs(context, repository, paths),
        renames: forms.renames,
        similarity: forms.similarity,
        isReversed: forms.isReversed,
        within: forms.relativeTo,
        keeps: forms.keeps,
        stage: flags.base ? 1 : flags.ours ? 2 : flags.theirs ? 3 : undefined,
        signal: context.signal,
        onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
      },
    }
    const found = await findDiffs(comparing, revisions, flags.cached === true || flags.staged === true)
    const diffs = await withoutIgnored(context, found, forms)
    if (diffs.length > 0 && (flags.exitCode || flags.quiet)) context.status = EXIT.partial
    if (!flags.quiet) await print(context, repository.config, diffs, forms, flags)
  })
}

/** Compares what is not in any repository: as git, it says by its exit status whether something differs. */
async function runOutside(
  context: Context,
  command: Command,
  operands: string[],
  flags: DiffCommandFlags,
): Promise<void> {
  const { before: named, behind = [] } = divideOperands(command, operands)
  const [before, after, ...more] = [...named, ...behind]
  if (before === undefined || after === undefined || more.length > 0) {
    throw new InvalidError('usage', 'diff --no-index wants two paths', { hint: 'name two files, or two folders' })
  }
  const forms = readDiffForms(flags, { default: flags.json ? 'nothing' : 'patch' })
  const { renames, similarity, isReversed, relativeTo, keeps } = forms
  const options: DiffOptions = { renames, similarity, isReversed, within: relativeTo, keeps, signal: context.signal }
  const found = await diffOutside({ cwd: context.cwd, before, after }, options)
  const diffs = await withoutIgnored(context, found, forms)
  if (diffs.length > 0) context.status = EXIT.partial
  if (!flags.quiet) await print(context, undefined, diffs, forms, flags)
}

async function print(
  context: Context,
  config: Pick<Config, 'get'> | undefined,
  diffs: readonly FileDiff[],
  forms: DiffForms,
  { json }: DiffCommandFlags,
): Promise<void> {
  const { signal } = context
  if (json) return context.terminal.json({ changes: await diffDocuments(diffs, forms, { signal }) })
  await withPager(context, config, async (pager) => {
    const terminal = withColor(pager, forms.color)
    await gatherOutput(terminal, async (output) => {
      const pieces = renderDiffs(diffs, forms, { terminal, columns: terminal.columns, signal })
      for await (const piece of pieces) await output.add(piece)
    })
  })
}

/** Leaves out files that differ in ignored white space alone, but where they are only named. */
async function withoutIgnored(
  { signal }: Context,
  diffs: readonly FileDiff[],
  { lines, nameOnly, nameStatus, raw }: DiffForms,
): Promise<readonly FileDiff[]> {
  if ((lines.whitespace === undefined && !lines.ignoresBlankLines) || nameOnly || nameStatus || raw) return diffs
  const kept: FileDiff[] = []
  for (const each of diffs) {
    if (each.unmerged !== undefined || !isUnchanged(each, await diffContent(each, { ...lines, context: 0, signal })))
      kept.push(each)
  }
  return kept
}

/** One run of the command. */
interface Comparing {
  context: Context
  repository: Repository
  lookUp: ReturnType<typeof revisionOptions>
  options: DiffOptions & OpenIndexOptions
}

async function findDiffs(comparing: Comparing, revisions: readonly string[], isStaged: boolean): Promise<FileDiff[]> {
  const { repository, options } = comparing
  const [first, second] = revisions
  const range = first === undefined ? undefined : splitRange(first)
  checkCount(revisions, isStaged || range !== undefined ? 1 : 2, isStaged && range !== undefined)
  if (range !== undefined) return diffRange(comparing, range)
  if (first !== undefined && second !== undefined) return diffObjects(comparing, first, second)
  requireWorktree(repository)
  const tree = first === undefined ? await headTree(repository) : await treeOf(comparing, await find(comparing, first))
  if (isStaged) return diffStaged(repository, tree, await openIndex(repository, options), options)
  return first === undefined ? diffUnstaged(repository, options) : diffWorktree(repository, tree, options)
}

function checkCount(revisions: readonly string[], most: number, isStagedRange: boolean): void {
  if (revisions.length <= most && !isStagedRange) return
  throw new InvalidError('usage', `diff: these revisions do not go together: ${revisions.join(' ')}`, {
    hint: 'see `jzfs diff --help`',
  })
}

async function diffRange(comparing: Comparing, { left, right, isSymmetric }: RangeSyntax): Promise<FileDiff[]> {
  if (!isSymmetric) return diffObjects(comparing, left, right)
  const { context, repository, lookUp, options } = comparing
  const tips = [await resolveCommit(repository, left, lookUp), await resolveCommit(repository, right, lookUp)] as const
  const [base, ...others] = await mergeBases(lookUp.graph, ...tips, options)
  if (base === undefined) {
    throw new InvalidError('no-merge-base', `${left} and ${right} have no history in common`, {
      hint: `compare them as they are: \`jzfs diff ${left} ${right}\``,
    })
  }
  if (others.length > 0) context.terminal.say(`warning: ${left} and ${right} parted several times: taking the newest`)
  return diffObjects(comparing, base.toString(), right)
}

/** What a revision names. */
interface Found {
  text: string
  cid: CID
}

/** Two trees, or two files. */
async function diffObjects(comparing: Comparing, left: string, right: string): Promise<FileDiff[]> {
  const { repository, options } = comparing
  const [before, after] = [await find(comparing, left), await find(comparing, right)]
  if ((await isFile(comparing, before)) && (await isFile(comparing, after))) return diffFiles(repository, before, after)
  const trees = { before: await treeOf(comparing, before), after: await treeOf(comparing, after) }
  return diffRevisions(repository, trees, options)
}

/** Commits and tags are none, whatever they lead to: they are not read for that. */
async function isFile({ repository }: Comparing, { cid }: Found): Promise<boolean> {
  return cid.code !== DAG_JSON && (await readObjectType(repository.store, cid)) === 'file'
}

async function find({ repository, lookUp }: Comparing, text: string): Promise<Found> {
  return { text, cid: (await resolveRevision(repository, text, lookUp)).cid }
}

function treeOf({ repository, lookUp }: Comparing, { cid }: Found): Promise<CID> {
  return peel(repository.store, lookUp.graph, cid, 'tree', lookUp)
}

async function diffFiles({ store }: Repository, before: Found, after: Found): Promise<FileDiff[]> {
  if (before.cid.equals(after.cid)) return []
  const [old, fresh] = [await readNode(store, before), await readNode(store, after)]
  const path = after.text.replace(/^[^:]*:/, '')
  return [{ path, before: entrySide(store, before, old), after: entrySide(store, after, fresh) }]
}
