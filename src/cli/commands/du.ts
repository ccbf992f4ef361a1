import { posix } from 'node:path'

import type { CID } from 'multiformats/cid'

import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel } from '../../repo/revision/object-type.ts'
import { type MeasuredUsage, measureUsage, type UsageRow } from '../../repo/usage/measure-usage.ts'
import type { Usage } from '../../repo/usage/usage-tally.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { readCount } from '../numbers.ts'
import { divideOperands } from '../operands.ts'
import { createProgressLine, formatBytes } from '../progress.ts'
import { directoryInTree, revisionOptions, splitArguments } from '../revisions.ts'

interface DuFlags {
  maxDepth?: string
  humanReadable?: true
  summarize?: true
  json?: true
}

const WORDS = `
Sizes are bytes:
  logical  all files and targets of symlinks, each as often as it stands there
  stored   the distinct blocks of folders and files, each once
  shared   the part of stored in blocks that stand elsewhere in the listing too: in another
           folder, path or revision`

/** `jzfs du`: shows how much space revisions and their folders take up. */
export const du: CommandModule = {
  configure(command, context) {
    command
      // As in du, -h is about sizes.
      .helpOption('--help', 'show this help')
      .argument('[revision-or-path...]', 'REV... [-- PATH...]: measure these (default: HEAD, all of it)')
      .option('-d, --max-depth <number>', 'show folders so deep at most')
      .option('-s, --summarize', 'show only what was named: -d 0')
      .option('-h, --human-readable', 'show sizes with units')
      .option('--json', 'print a JSON document on a line for each row, and one with the total')
      .addHelpText('after', WORDS)
      .action((operands: string[], flags: DuFlags) =>
        withRepository(context, async (repository) => {
          const measured = await measureRevisions(context, repository, divideOperands(command, operands), flags)
          await (flags.json ? printDocuments : printTable)(context, measured, flags)
        }),
      )
  },
}

/** Usage with the names of the revisions. */
interface NamedUsage extends MeasuredUsage {
  names: string[]
}

async function measureRevisions(
  context: Context,
  repository: Repository,
  divided: ReturnType<typeof divideOperands>,
  flags: DuFlags,
): Promise<NamedUsage> {
  const options = revisionOptions(context, repository)
  const { revisions, paths } = await splitArguments(context, repository, divided, options)
  const names = revisions.length === 0 ? ['HEAD'] : revisions
  const trees: CID[] = []
  for (const name of names) {
    const { cid } = await resolveRevision(repository, name, options)
    trees.push(await peel(repository.store, options.graph, cid, 'tree', options))
  }
  const here = directoryInTree(context, repository)
  const depth = flags.maxDepth === undefined ? Infinity : readCount('-d', flags.maxDepth)
  const usage = await measure(context, repository, trees, {
    paths: (paths.length === 0 ? ['.'] : paths).map((path) => fromTop(here, path)),
    maxDepth: flags.summarize ? 0 : depth,
  })
  const [missing] = usage.missing
  if (missing === undefined) return { ...usage, names }
  throw new NotFoundError('path-not-found', `there is no ${quoteName(missing)} in ${names.join(', ')}`, {
    hint: 'list what is there with `jzfs ls`',
    details: { path: missing },
  })
}

async function measure(
  context: Context,
  { store }: Repository,
  trees: readonly CID[],
  options: { paths: string[]; maxDepth: number },
): Promise<MeasuredUsage> {
  const progress = createProgressLine(context.terminal, 'measuring')
  try {
    return await measureUsage(store, trees, { ...options, signal: context.signal, onProgress: progress.update })
  } finally {
    progress.done()
  }
}

/** A path from the top of the tree. */
function fromTop(here: string, path: string): string {
  const full = posix.join(here, path).replace(/\/$/, '')
  if (full !== '..' && !full.startsWith('../')) return full === '.' ? '' : full.replace(/^\//, '')
  throw new InvalidError('path-outside-repository', `the path is outside the tree: ${quoteName(path)}`, {
    hint: 'name a path below its root',
    details: { path },
  })
}

async function printDocuments({ terminal }: Context, { rows, total, names }: NamedUsage): Promise<void> {
  for (const { tree, path, ...sizes } of rows) await terminal.json({ revision: names[tree], path, ...sizes })
  await terminal.json({ total })
}

async function printTable(context: Context, { rows, total, names }: NamedUsage, flags: DuFlags): Promise<void> {
  const sizesOf = ({ logical, stored, shared }: Usage): string[] =>
    [logical, stored, shared].map((size) => (flags.humanReadable ? formatBytes(size) : String(size)))
  const lines = rows.map((row) => ({ sizes: sizesOf(row), label: labelOf(row, names) }))
  if (names.length > 1) lines.push({ sizes: sizesOf(total), label: 'total' })
  const table = [{ sizes: ['logical', 'stored', 'shared'], label: 'path' }, ...lines]
  const widths = [0, 1, 2].map((at) => Math.max(...table.map(({ sizes }) => (sizes[at] as string).length)))
  await gatherOutput(context.terminal, async (output) => {
    for (const { sizes, label } of table) {
      const columns = sizes.map((size, at) => size.padStart(widths[at] as number)).join('  ')
      await output.add(`${columns}  ${label}\n`)
    }
  })
}

/** A path; of several revisions as a revision that names it. */
function labelOf({ tree, path }: UsageRow, names: readonly string[]): string {
  if (names.length > 1) return `${names[tree]}:${quoteName(path)}`
  return path === '' ? '.' : quoteName(path)
}
