import type { Command } from 'commander'

import { counted } from '../../model/counted.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import type { Repository } from '../../repo/repository.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { writeOutputFile } from '../output-file.ts'
import { blocksText, createProgressLine } from '../progress.ts'

interface BundleFlags {
  all?: true
  branches?: true
  tags?: true
  quiet?: true
  json?: true
}

/** `jzfs bundle`: refs and what they reach in one file, for those whom no network reaches. */
export const bundle: CommandModule = {
  configure(command, context) {
    declareCreate(command, context)
    declareLooking(command, context)
  },
}

function declareCreate(command: Command, context: Context): void {
  command
    .command('create')
    .description('write refs and what they reach to a file')
    .argument('<file>', 'the file, by convention NAME.car; - for standard output')
    .argument('[revision...]', 'branches and tags; A..B and ^A leave out what A reaches')
    .option('--all', 'all branches and tags')
    .option('--branches', 'all branches')
    .option('--tags', 'all tags')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((file: string, revisions: string[], flags: BundleFlags) =>
      withRepository(context, (repository) => create(context, repository, { file, revisions, flags })),
    )
}

function declareLooking(command: Command, context: Context): void {
  command
    .command('verify')
    .description('look whether a bundle is whole, and can be taken here')
    .argument('<file>', 'the bundle')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((file: string, flags: BundleFlags) =>
      withRepository(context, (repository) => verify(context, repository, file, flags)),
    )
  command
    .command('list-heads')
    .description('list the refs of a bundle')
    .argument('<file>', 'the bundle')
    .argument('[ref...]', 'only these')
    .option('--json', 'print one JSON document')
    .action((file: string, refs: string[], flags: BundleFlags) => listHeads(context, file, refs, flags))
  command
    .command('unbundle')
    .description('store the blocks of a bundle, and list its refs; nothing here names them yet')
    .argument('<file>', 'the bundle')
    .argument('[ref...]', 'list only these')
    .option('--json', 'print one JSON document')
    .action((file: string, refs: string[], flags: BundleFlags) =>
      withRepository(context, (repository) => unbundle(context, repository, { file, refs, flags })),
    )
}

async function create(
  context: Context,
  repository: Repository,
  { file, revisions, flags }: { file: string; revisions: string[]; flags: BundleFlags },
): Promise<void> {
  const { selectBundle } = await import('../../sync/bundle/select-bundle.ts')
  const { writeBundle } = await import('../../sync/bundle/write-bundle.ts')
  const globs = [
    ...(flags.all === true || flags.branches === true ? ['refs/heads/'] : []),
    ...(flags.all === true || flags.tags === true ? ['refs/tags/'] : []),
  ]
  using _lease = await repository.store.lease({ signal: context.signal })
  const root = await selectBundle(repository, { revisions, prefixes: globs }, { signal: context.signal })
  const progress = createProgressLine(context.terminal, 'writing')
  let written = { blocks: 0, bytes: 0 }
  const pieces = writeBundle(repository.store, root, {
    signal: context.signal,
    onProgress: (counts) => {
      written = { ...counts }
      progress.update(counts)
    },
  })
  if (file === '-') {
    for await (const piece of pieces) await context.terminal.out(piece)
    return
  }
  await writeOutputFile(context, file, pieces).finally(() => progress.done())
  if (flags.json === true) return context.terminal.json({ file, ...root, ...written })
  if (flags.quiet === true) return
  const refs = counted(root.heads.length, 'ref')
  context.terminal.say(`wrote ${refs} to ${file} (${blocksText(written)})`)
}

async function verify(context: Context, repository: Repository, file: string, flags: BundleFlags): Promise<void> {
  const { verifyBundle } = await import('../../sync/bundle/verify-bundle.ts')
  await using opened = await openHere(context, file)
  const progress = createProgressLine(context.terminal, 'verifying')
  const isHere = await reachedHere(repository)
  const found = await verifyBundle(opened.bundle, {
    local: repository.store,
    isHere,
    signal: context.signal,
    onProgress: progress.update,
  }).finally(() => progress.done())
  const { heads, prerequisites, head } = opened.bundle
  if (flags.json === true) return context.terminal.json({ file, ok: true, head, heads, prerequisites, ...found })
  if (flags.quiet === true) return
  const lines = [
    `The bundle contains ${heads.length === 1 ? 'this ref' : `these ${heads.length} refs`}:`,
    ...heads.map(({ ref, cid }) => `${cid.toString()} ${ref}`),
    ...(prerequisites.length === 0
      ? ['The bundle records a complete history.']
      : [
          `The bundle requires ${prerequisites.length === 1 ? 'this commit' : `these ${prerequisites.length} commits`}:`,
          ...prerequisites.map(String),
        ]),
  ]
  await context.terminal.out(`${lines.join('\n')}\n`)
  context.terminal.say(`${file} is okay`)
}

async function listHeads(context: Context, file: string, refs: readonly string[], flags: BundleFlags): Promise<void> {
  await using opened = await openHere(context, file)
  await printHeads(context, opened.bundle.heads, refs, flags)
}

async function unbundle(
  context: Context,
  repository: Repository,
  { file, refs, flags }: { file: string; refs: string[]; flags: BundleFlags },
): Promise<void> {
  const { storeBundle } = await import('../../sync/bundle/store-bundle.ts')
  await using opened = await openHere(context, file)
  const progress = createProgressLine(context.terminal, 'storing')
  await storeBundle(repository, opened.bundle, {
    isHere: await reachedHere(repository),
    signal: context.signal,
    onProgress: progress.update,
  }).finally(() => progress.done())
  await printHeads(context, opened.bundle.heads, refs, flags)
}

async function printHeads(
  context: Context,
  heads: readonly { ref: string; cid: { toString(): string } }[],
  refs: readonly string[],
  flags: BundleFlags,
): Promise<void> {
  const shown = heads.filter(
    ({ ref }) => refs.length === 0 || refs.some((each) => ref === each || ref.endsWith(`/${each}`)),
  )
  if (flags.json === true) return context.terminal.json({ heads: shown })
  await context.terminal.out(shown.map(({ ref, cid }) => `${cid.toString()} ${ref}\n`).join(''))
}

async function openHere({ cwd, signal }: Context, file: string) {
  const { resolve } = await import('node:path')
  const { openBundle } = await import('../../sync/bundle/bundle-file.ts')
  const opened = await openBundle(resolve(cwd, file), { signal })
  return { bundle: opened, [Symbol.asyncDispose]: () => opened.close() }
}

async function reachedHere({
  refs,
  store,
}: Repository): Promise<(commit: Parameters<typeof store.has>[0]) => Promise<boolean>> {
  const reached = createReachedCommits(
    store,
    (await refs.list()).map(({ cid }) => cid),
  )
  return (commit) => reached.has(commit)
}
