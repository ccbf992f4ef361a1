import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { renderDate } from '../../model/commit/date-style.ts'
import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { escapeControls, quoteName } from '../../model/quote-name.ts'
import type { Head } from '../../repo/refs/head.ts'
import type { Repository } from '../../repo/repository.ts'
import { type CommandChanges, type FileChanges, readCommandChanges } from '../../repo/undo/command-changes.ts'
import { type CommandLogEntry, readCommandLog } from '../../repo/undo/command-log.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { withPager } from '../pager.ts'
import { formatBytes } from '../progress.ts'
import { commandDocument, firstOperation, shownRefs } from './command-document.ts'
import { describeObject, describeRef } from './describe-change.ts'

interface OpShowFlags {
  json?: true
}

/** Declares `jzfs op show`. */
export function declareOpShow(command: Command, context: Context): void {
  command
    .argument('[operation]', 'a number of `jzfs op log` (default: the last one)')
    .option('--json', 'print one JSON document, with all paths')
    .action((text: string | undefined, flags: OpShowFlags) =>
      withRepository(context, async (repository) => {
        const entry = findCommand(repository, text)
        const changes = await readCommandChanges(repository.store, entry, { signal: context.signal })
        if (flags.json) return context.terminal.json(document(entry, changes))
        const lines = await textLines(context, repository, entry, changes)
        await withPager(context, repository.config, ({ out }) => out(lines.map((line) => `${line}\n`).join('')))
      }),
    )
}

function findCommand({ layout }: Repository, text: string | undefined): CommandLogEntry {
  if (text !== undefined && !/^\d{1,15}$/.test(text)) {
    throw new InvalidError('usage', `op show wants the number of an operation, not "${text}"`, {
      hint: '`jzfs op log` lists them',
    })
  }
  for (const entry of readCommandLog(layout)) {
    const last = entry.operations.at(-1)?.number ?? entry.first
    if (text === undefined || (entry.first <= Number(text) && Number(text) <= last)) return entry
    if (last < Number(text)) break
  }
  const problem = text === undefined ? 'nothing was done here yet' : `there is no operation ${text}, or it has expired`
  throw new NotFoundError('operation-missing', problem, {
    hint: '`jzfs op log` lists what there is',
    ...(text !== undefined && { details: { operation: Number(text) } }),
  })
}

async function textLines(
  { now }: Context,
  repository: Repository,
  entry: CommandLogEntry,
  changes: CommandChanges,
): Promise<string[]> {
  const { first, operations, isUndone } = entry
  const { command, person, undo } = firstOperation(entry)
  const header = [
    `operation ${first}${operations.length > 1 ? ` to ${operations.at(-1)?.number}` : ''}${isUndone ? ' (undone)' : ''}`,
    `Command: ${escapeControls(command)}`,
    `By:      ${escapeControls(person.name)} <${escapeControls(person.email)}>`,
    `Date:    ${renderDate(person.date, 'default', now())}`,
    '',
  ]
  if (undo !== undefined) header.push(`  ${undo.kind === 'undo' ? 'takes' : 'brings'} back operation ${undo.of}`)
  const lines = await changeLines(repository, changes)
  return [...header, ...(lines.length === 0 && changes.index ? ['  what is staged'] : lines)]
}

async function changeLines(repository: Repository, changes: CommandChanges): Promise<string[]> {
  const { refs, head, config, sequence, files } = changes
  const lines: string[] = []
  const show = (cid: CID | undefined) => (cid === undefined ? 'nothing' : describeObject(repository, cid))
  for (const { name, before, after } of shownRefs(refs)) {
    lines.push(`  ${describeRef(name)}: ${await show(before)} -> ${await show(after)}`)
  }
  if (head !== undefined) {
    lines.push(`  HEAD: ${await headText(repository, head.before)} -> ${await headText(repository, head.after)}`)
  }
  for (const { key, before, after } of config) lines.push(`  ${key}: ${settingText(before)} -> ${settingText(after)}`)
  if (sequence !== undefined) {
    lines.push(`  in progress: ${sequence.before?.kind ?? 'nothing'} -> ${sequence.after?.kind ?? 'nothing'}`)
  }
  return [...lines, ...fileLines(files)]
}

function settingText(value: unknown): string {
  return value === undefined ? 'nothing' : [value].flat().map(String).join(', ')
}

/** How many paths of a sort are named. */
const NAMED = 20

function fileLines({ written, moved, kept, problem }: FileChanges): string[] {
  const lines = moved.map(({ from, to }) => `  moved: ${quoteName(from)} -> ${quoteName(to)}`)
  const counts = (['added', 'modified', 'removed'] as const).flatMap((change) => {
    const count = written.filter((each) => each.change === change).length
    return count === 0 ? [] : `${count} ${change}`
  })
  if (counts.length > 0) lines.push(`  files: ${counts.join(', ')}`)
  for (const { path, change } of written.slice(0, NAMED)) lines.push(`    ${LETTERS[change]} ${quoteName(path)}`)
  if (written.length > NAMED) lines.push(`    and ${written.length - NAMED} more (--json names all)`)
  if (problem !== undefined) lines.push(`  files: what they were is not here any more: ${problem.message}`)
  if (kept.length === 0) return lines
  const bytes = kept.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
  lines.push(
    `  thrown away, and kept for undo: ${kept.length} file${kept.length === 1 ? '' : 's'}, ${formatBytes(bytes)}`,
  )
  for (const { path, cid } of kept.slice(0, NAMED)) lines.push(`    ${cid.toString()} ${quoteName(path)}`)
  if (kept.length > NAMED) lines.push(`    and ${kept.length - NAMED} more (--json names all)`)
  return lines
}

const LETTERS = { added: 'A', modified: 'M', removed: 'D' }

async function headText(repository: Repository, head: Head): Promise<string> {
  return 'branch' in head ? describeRef(head.branch) : describeObject(repository, head.detached)
}

function document(entry: CommandLogEntry, { head, config, sequence, index, files }: CommandChanges): object {
  const { before, after } = sequence ?? { before: undefined, after: undefined }
  return {
    ...commandDocument(entry),
    head: head ?? null,
    inProgress: sequence === undefined ? null : { before: before?.kind ?? null, after: after?.kind ?? null },
    config: config.map(({ key, before, after }) => ({ key, before: before ?? null, after: after ?? null })),
    index,
    files: files.written,
    moved: files.moved,
    kept: files.kept.map(({ path, cid, sizeBytes }) => ({ path, cid, size: sizeBytes ?? null })),
    problem: files.problem === undefined ? null : { code: files.problem.code, message: files.problem.message },
  }
}
