import type { CID } from 'multiformats/cid'

import { counted } from '../../model/counted.ts'
import type { CollectedGarbage, GarbageExpiry } from '../../repo/gc/collect-garbage.ts'
import { readExpiry } from '../../repo/gc/expiry-date.ts'
import type { Repository } from '../../repo/repository.ts'
import { collectRepository } from '../../worktree/gc/collect-repository.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { openOptions, withRepository } from '../here.ts'
import { localOffset } from '../identity.ts'
import { blocksText, createProgressLine, formatBytes } from '../progress.ts'
import { publishedHeads } from '../published-heads.ts'

interface GcFlags {
  dryRun?: true
  prune?: string | boolean
  expire?: string
  home?: true
  quiet?: true
  json?: true
}

/** `jzfs gc`: removes what nothing refers to. */
export const gc: CommandModule = {
  configure(command, context) {
    command
      .option('-n, --dry-run', 'say what would be removed, and change nothing')
      .option('--prune <date>', 'remove unreferenced blocks older than this (default: gc.pruneExpire, 2 weeks)')
      .option('--no-prune', 'remove no blocks, only move them together')
      .option(
        '--expire <date>',
        'drop entries of reflogs and of the operation log older than this (default: 90 and 30 days)',
      )
      .option('--home', 'in the node home: remove what is not pinned (any more), at once')
      .option('-q, --quiet', 'say nothing')
      .option('--json', 'print one JSON document')
      .action((flags: GcFlags) =>
        flags.home === true
          ? collectHome(context, flags)
          : withRepository(context, (repository) => collect(context, repository, flags)),
      )
  },
}

async function collect(context: Context, repository: Repository, flags: GcFlags): Promise<void> {
  const { config } = repository
  await run(
    context,
    repository,
    flags,
    {
      prune: config.get('gc.pruneExpire'),
      all: config.get('gc.reflogExpire'),
      unreachable: config.get('gc.reflogExpireUnreachable'),
    },
    await publishedHeads(context, repository),
  )
}

/** The home's own repository holds pins only: there is nothing to go back to, so nothing waits. */
async function collectHome(context: Context, flags: GcFlags): Promise<void> {
  const { openHomeHere } = await import('../network.ts')
  const { withPins } = await import('../../node/publish/home-pins.ts')
  const isThere = await withPins(openHomeHere(context), openOptions(context), async (repository) => {
    await run(context, repository, flags, { prune: 'now', all: 'now', unreachable: 'now' }, [])
  })
  if (isThere || flags.quiet === true) return
  if (flags.json) await context.terminal.json(NOTHING)
  else await context.terminal.out('Nothing is pinned in this home.\n')
}

const NOTHING = {
  removed: { blocks: 0, bytes: 0 },
  packs: 0,
  expired: { reflogEntries: 0, operations: 0 },
  damaged: [],
}

async function run(
  context: Context,
  repository: Repository,
  flags: GcFlags,
  defaults: { prune: string; all: string; unreachable: string },
  roots: readonly CID[],
): Promise<void> {
  const progress = createProgressLine(context.terminal, 'collecting garbage')
  const collected = await collectRepository(repository, {
    expiry: expiryOf(context, repository, flags, defaults),
    roots,
    command: context.commandLine,
    dryRun: flags.dryRun === true,
    signal: context.signal,
    onProgress: progress.update,
  }).finally(() => progress.done())
  if (collected.damaged.length > 0) context.status = EXIT.integrity
  if (flags.json) return context.terminal.json(collected)
  for (const { path, cid } of collected.damaged) {
    context.terminal.say(`${cid === undefined ? 'pack' : cid.toString()} is corrupt and stays as it is: ${path}`)
  }
  if (collected.damaged.length > 0) context.terminal.say('hint: run `jzfs fsck` to see what is damaged')
  if (flags.quiet !== true) await context.terminal.out(summary(collected))
}

function expiryOf(
  { now }: Context,
  { config }: Repository,
  { prune, expire }: GcFlags,
  defaults: { prune: string; all: string; unreachable: string },
): GarbageExpiry {
  const read = (text: string): number => readExpiry(text, now(), localOffset)
  return {
    blocksBeforeMs:
      prune === false ? Number.NEGATIVE_INFINITY : read(typeof prune === 'string' ? prune : defaults.prune),
    recordsBeforeMs: read(expire ?? defaults.all),
    unreachableBeforeMs: read(expire ?? defaults.unreachable),
    partialBeforeMs: read(expire ?? config.get('gc.pruneExpire')),
  }
}

function summary({ removed, freedBytes, packs, expired }: CollectedGarbage): string {
  const isPreview = freedBytes === undefined
  const would = (done: string, verb: string): string => (isPreview ? `would ${verb}` : done)
  const { reflogEntries, operations } = expired
  const lines: string[] = []
  if (reflogEntries + operations > 0) {
    const what = [
      countedIfAny(reflogEntries, 'reflog entry', 'reflog entries'),
      countedIfAny(operations, 'operation', 'operations'),
    ]
    lines.push(`${would('expired', 'expire')} ${what.filter(Boolean).join(' and ')}`)
  }
  if (removed.blocks > 0) lines.push(`${would('removed', 'remove')} ${blocksText(removed)}`)
  else if (packs > 0) lines.push(`${would('moved', 'move')} ${counted(packs, 'pack')} together`)
  if (lines.length === 0) lines.push('nothing to remove')
  if (freedBytes !== undefined && freedBytes > 0) lines.push(`the repository takes ${formatBytes(freedBytes)} less`)
  return lines.map((line) => `${line}\n`).join('')
}

function countedIfAny(count: number, one: string, many: string): string {
  return count === 0 ? '' : counted(count, one, many)
}
