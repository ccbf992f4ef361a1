import { posix } from 'node:path'

import type { Command } from 'commander'

import type { DateStyle } from '../../model/commit/date-style.ts'
import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { type Blame, blame as blameCommit, type BlameOptions } from '../../repo/blame/blame.ts'
import { parseLineRanges } from '../../repo/blame/line-range.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import { blameWorkingFile } from '../../worktree/blame-working-file.ts'
import { blameDocument } from '../blame/blame-document.ts'
import { renderBlamePorcelain } from '../blame/blame-porcelain.ts'
import { renderBlame } from '../blame/blame-text.ts'
import { type BlamedCommits, readBlamedCommits } from '../blame/blamed-commits.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { writeGathered } from '../gathered-bytes.ts'
import { withRepository } from '../here.ts'
import { readDateStyle } from '../history/commit-style.ts'
import { divideOperands } from '../operands.ts'
import { withPager } from '../pager.ts'
import { directoryInTree, revisionOptions } from '../revisions.ts'

interface BlameFlags {
  lines?: string[]
  ignoreSpace?: true
  long?: true
  suppress?: true
  showEmail?: true
  showName?: true
  showNumber?: true
  rawTime?: true
  date?: string
  porcelain?: true
  linePorcelain?: true
  json?: true
}

/** `jzfs blame`: who made the lines of a file. */
export const blame: CommandModule = {
  configure(command, context) {
    command
      .argument('<revision-or-file...>', '[REV] [--] FILE; without REV the file as it is now')
      .option('-L, --lines <range>', 'show only START,END or START,+COUNT; an end can be /REGEX/ (repeatable)', collect)
      .option('-w, --ignore-space', 'take lines that differ in white space only for the same')
      .option('-l, --long', 'show whole CIDs')
      .option('-s, --suppress', 'show neither author nor date')
      .option('-e, --show-email', 'show emails for names')
      .option('-f, --show-name', 'show the name of the file in the commit (the default if it was another)')
      .option('-n, --show-number', 'show the number of the line in the commit')
      .option('-t, --raw-time', 'show dates as seconds since 1970')
      .option('--date <style>', 'show dates as iso (default), short, relative, …')
      .option('-p, --porcelain', 'print for programs: each commit described once')
      .option('--line-porcelain', 'the same: each line with its commit described')
      .option('--json', 'print one JSON document')
      .action((operands: string[], flags: BlameFlags) => runBlame(context, command, operands, flags))
  },
}

function runBlame(context: Context, command: Command, operands: string[], flags: BlameFlags): Promise<void> {
  const { revision, file } = readOperands(command, operands)
  const date = flags.rawTime ? 'raw' : readDateStyle(flags.date ?? 'iso')
  const options: BlameOptions = { ignoresSpace: flags.ignoreSpace, signal: context.signal }
  if (flags.lines !== undefined) options.ranges = parseLineRanges(flags.lines)
  return withRepository(context, async (repository) => {
    const path = pathInTree(context, repository, file)
    const lookUp = revisionOptions(context, repository)
    const found = await find(repository, lookUp, { revision, path }, options)
    const told = { path, now: context.now(), signal: context.signal }
    const commits = await readBlamedCommits(lookUp.graph, found.blamed, told)
    await print(context, repository, found, { commits, path, date, flags })
  })
}

function readOperands(command: Command, operands: readonly string[]): { revision: string | undefined; file: string } {
  const { before, behind = [] } = divideOperands(command, operands)
  const words = [...before, ...behind]
  const [file] = words.slice(-1)
  if (file === undefined || words.length > 2 || behind.length > 1) {
    throw new InvalidError('usage', 'blame: one file is blamed, in one revision', {
      hint: 'write `jzfs blame REV -- FILE`',
    })
  }
  return { revision: words.length === 2 ? words[0] : undefined, file }
}

function pathInTree(context: Context, repository: Repository, file: string): string {
  const path = posix.normalize(posix.join(directoryInTree(context, repository), file))
  if (path !== '..' && !path.startsWith('../') && !file.startsWith('/')) return path
  throw new InvalidError('path-outside', `${quoteName(file)} is not in the working tree`, {
    hint: 'name a file by its path from where you stand',
    details: { path: file },
  })
}

async function find(
  repository: Repository,
  lookUp: ReturnType<typeof revisionOptions>,
  { revision, path }: { revision: string | undefined; path: string },
  options: BlameOptions,
): Promise<Blame> {
  const { store, worktree } = repository
  if (revision === undefined && worktree !== undefined) return blameWorkingFile(repository, lookUp.graph, path, options)
  const commit = await resolveCommit(repository, revision ?? 'HEAD', lookUp)
  return blameCommit({ store, graph: lookUp.graph }, { commit, path }, options)
}

interface Printing {
  commits: BlamedCommits
  path: string
  date: DateStyle
  flags: BlameFlags
}

async function print(
  context: Context,
  repository: Repository,
  found: Blame,
  { commits, path, date, flags }: Printing,
): Promise<void> {
  const now = context.now()
  if (flags.json) return context.terminal.json(blameDocument(path, found, commits))
  if (flags.porcelain || flags.linePorcelain) {
    const pieces = renderBlamePorcelain(found, commits, { repeats: flags.linePorcelain === true, now })
    return writeGathered(context.terminal, pieces)
  }
  const pieces = renderBlame(found, commits, {
    path,
    now,
    date,
    isLong: flags.long === true,
    showsAuthor: flags.suppress !== true,
    showsEmail: flags.showEmail === true,
    showsPath: flags.showName === true,
    showsOriginalNumber: flags.showNumber === true,
  })
  await withPager(context, repository.config, (terminal) => writeGathered(terminal, pieces))
}
