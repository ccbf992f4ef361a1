import { escapeControls, quoteName } from '../../model/quote-name.ts'
import type { Head } from '../../repo/refs/head.ts'
import { PSEUDO_REFS } from '../../repo/refs/pseudo-ref.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Undone } from '../../worktree/undo/undo.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone } from '../here.ts'
import { publishedRefs } from '../published-branch.ts'
import { describeObject, describeRef } from './describe-change.ts'
import { sayPushed } from './say-pushed.ts'

interface ReportFlags {
  kind: 'undo' | 'redo'
  dryRun?: true
  quiet?: true
  json?: true
}

/** Says what an undo or redo took back. */
export async function reportTakenBack(
  context: Context,
  repository: Repository,
  done: Undone,
  flags: ReportFlags,
): Promise<void> {
  const { left, failed, lost, discarded } = done
  if (left.length + failed.length > 0) context.status = EXIT.partial
  await sayPublished(context, repository, done)
  if (flags.kind === 'undo') await sayPushed(context.terminal, repository, done)
  if (flags.json) return context.terminal.json(takenBackDocument(done, flags))
  sayNotDone(context, done)
  for (const path of lost) context.terminal.say(`not brought back, since it was not kept: ${quoteName(path)}`)
  if (flags.quiet) return
  const verb = flags.dryRun ? `Would ${flags.kind}` : flags.kind === 'undo' ? 'Undone' : 'Redone'
  const command = done.command?.command ?? 'a command whose entry has expired'
  const lines = [`${verb}: ${escapeControls(command)}`]
  for (const line of await changeLines(repository, done)) lines.push(`  ${line}`)
  for (const path of discarded) lines.push(`  changed since, and kept for ${otherOf(flags.kind)}: ${quoteName(path)}`)
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
}

function otherOf(kind: 'undo' | 'redo'): string {
  return kind === 'undo' ? 'redo' : 'undo'
}

async function changeLines(repository: Repository, done: Undone): Promise<string[]> {
  const lines: string[] = []
  const head = done.head?.after ?? (await repository.refs.head())
  for (const { name, before, after } of done.refs ?? []) {
    if (name.startsWith(PSEUDO_REFS)) continue
    const what = describeRef(name)
    if (after === undefined) {
      const isHead = 'branch' in head && head.branch === name
      lines.push(isHead ? `${what} has no commit, as before` : `${what} is gone`)
    } else lines.push(`${what} is ${before === undefined ? 'back ' : ''}at ${await describeObject(repository, after)}`)
  }
  if (done.head !== undefined) lines.push(await headLine(repository, done.head.after))
  const { sequence } = done
  for (const { key, after } of done.config ?? []) lines.push(`${key} ${settingText(after)}`)
  if (sequence?.after !== undefined) lines.push(`the ${sequence.after.kind} is in progress again`)
  else if (sequence?.before !== undefined) lines.push(`the ${sequence.before.kind} is not in progress any more`)
  if (done.files.length > 0) lines.push(`${done.files.length} file${done.files.length === 1 ? '' : 's'} changed`)
  else if (done.index) lines.push('what is staged is as before')
  return lines
}

function settingText(value: unknown): string {
  return value === undefined ? 'is not set' : `is ${[value].flat().map(String).join(', ')}`
}

async function headLine(repository: Repository, head: Head): Promise<string> {
  if ('branch' in head) return `on ${describeRef(head.branch)}`
  return `HEAD is detached at ${await describeObject(repository, head.detached)}`
}

/** What others have fetched stays theirs. */
async function sayPublished(context: Context, repository: Repository, done: Undone): Promise<void> {
  const { refs = [], reflogMoves = [] } = done
  const renamed = new Set(reflogMoves.flatMap(({ before, after }) => [before, after]))
  const names = refs.map(({ name }) => name).filter((name) => !renamed.has(name))
  for (const name of await publishedRefs(context, repository, names)) {
    context.terminal.say(`note: ${describeRef(name)} is published: what others have fetched of it is not taken back`)
  }
}

function takenBackDocument(done: Undone, { dryRun, kind }: ReportFlags): object {
  const { command, refs = [], head, config = [], files, index, discarded, lost, left, failed } = done
  return {
    [kind]: command && { operation: command.number, command: command.command, date: command.person.date },
    dryRun: dryRun === true,
    refs: refs.map(({ name, before, after }) => ({ ref: name, before: before ?? null, after: after ?? null })),
    head: head === undefined ? null : { before: headDocument(head.before), after: headDocument(head.after) },
    config: config.map(({ key, before, after }) => ({ key, before: before ?? null, after: after ?? null })),
    index,
    files,
    discarded,
    lost,
    left,
    failed: failed.map(({ path, error }) => ({ path, code: error.code, message: error.message })),
  }
}

function headDocument(head: Head): object {
  return 'branch' in head ? { branch: head.branch } : { detached: head.detached }
}
