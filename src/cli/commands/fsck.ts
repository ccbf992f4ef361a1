import { relative, resolve } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { FsckFinding, ObjectFinding } from '../../repo/fsck/fsck-finding.ts'
import type { FsckOptions, FsckProgress } from '../../repo/fsck/fsck.ts'
import type { Repair } from '../../repo/fsck/repair.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'
import { checkWorkingRepository } from '../../worktree/fsck/check-working-repository.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { openOptions, withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { publishedHeads } from '../published-heads.ts'
import { soundLine, storeLine } from '../soundness.ts'

interface FsckFlags {
  connectivityOnly?: true
  unreachable?: true
  dangling: boolean
  reflogs: boolean
  repair?: true
  from?: string
  quiet?: true
  json?: true
}

/** `jzfs fsck`: checks the repository. Exits with 0 where nothing is wrong (warnings and dangling blocks are not), else with 3. */
export const fsck: CommandModule = {
  configure(command, context) {
    command
      .option('--full', 'check packs and the hash of every block (default)')
      .option('--connectivity-only', 'do not read the content of files, only see that it is there')
      .option('--unreachable', 'name all blocks that nothing leads to')
      .option('--no-dangling', 'do not name blocks that nothing leads to')
      .option('--no-reflogs', 'do not count what only reflogs and operations lead to as reached')
      .option('--repair', 'repair what can be repaired, from files, index and reflogs, and check again')
      .option('--from <path>', 'with --repair: take missing blocks from the repository at this path as well')
      .option('-q, --quiet', 'print what is wrong, and nothing else')
      .option('--json', 'print a JSON document on a line for each finding, and one with the totals')
      .addHelpText('after', '\nExits with 0 where nothing is wrong, and with 3 where something is.\n')
      .action((flags: FsckFlags) => withRepository(context, (repository) => run(context, repository, flags)))
  },
}

async function run(context: Context, repository: Repository, flags: FsckFlags): Promise<void> {
  if (flags.from !== undefined && flags.repair !== true) {
    throw new InvalidError('usage', '--from is for repairs', { hint: 'add --repair' })
  }
  if (flags.repair === true) await repair(context, repository, flags)
  await check(context, repository, flags)
  if (context.status === EXIT.ok || flags.json === true || flags.quiet === true) return
  if (flags.repair === true)
    context.terminal.say('hint: what is left has to come from a copy: `jzfs fsck --repair --from PATH`')
  else context.terminal.say('hint: run `jzfs fsck --repair` to repair what can be')
}

async function repair(context: Context, repository: Repository, { from, json }: FsckFlags): Promise<void> {
  const { terminal, signal, commandLine: command } = context
  const { repairRepository } = await import('../../worktree/fsck/repair-repository.ts')
  const person = currentPerson(context, repository.config, 'COMMITTER')
  const other = from === undefined ? undefined : await openRepository(resolve(context.cwd, from), openOptions(context))
  const progress = createProgressLine(terminal, 'repairing')
  const onProgress = ({ step: _step, ...counts }: FsckProgress): void => progress.update(counts)
  try {
    const repairs = repairRepository(repository, { command, person, from: other?.store, signal, onProgress })
    for await (const done of repairs) {
      progress.done()
      if (json) await terminal.json({ kind: 'repair', ...done })
      else await terminal.out(`repaired: ${repairText(context, done)}\n`)
    }
  } finally {
    progress.done()
    await other?.close()
  }
}

function repairText({ cwd }: Context, { message, path, aside }: Repair): string {
  const place = path === undefined ? '' : `: ${quoteName(relative(cwd, path))}`
  return `${message}${place}${aside === undefined ? '' : ` (what it was: ${quoteName(relative(cwd, aside))})`}`
}

async function check(context: Context, repository: Repository, flags: FsckFlags): Promise<{ isBlockLost: boolean }> {
  let isBlockLost = false
  const { terminal, signal } = context
  const packs = createProgressLine(terminal, 'checking packs')
  const objects = createProgressLine(terminal, 'checking objects')
  const findings = checkWorkingRepository(repository, {
    signal,
    // A repair has hashed everything.
    connectivityOnly: flags.connectivityOnly === true || flags.repair === true,
    reflogs: flags.reflogs,
    orphans: orphansOf(flags),
    roots: await publishedHeads(context, repository),
    onProgress: ({ step, ...progress }) => (step === 'packs' ? packs : objects).update(progress),
  })
  try {
    for (;;) {
      const { done, value } = await findings.next()
      if (done !== true) {
        await report(context, flags, value)
        isBlockLost ||= value.kind === 'object'
        continue
      }
      if (flags.json) await terminal.json({ kind: 'totals', ...value })
      else if (context.status === EXIT.ok && flags.quiet !== true) await terminal.out(`${soundLine(value)}\n`)
      return { isBlockLost }
    }
  } finally {
    objects.done()
  }
}

function orphansOf({ unreachable, dangling, quiet }: FsckFlags): NonNullable<FsckOptions['orphans']> {
  if (unreachable === true) return 'unreachable'
  return dangling && quiet !== true ? 'dangling' : 'none'
}

async function report(context: Context, { json, quiet }: FsckFlags, finding: FsckFinding): Promise<void> {
  const { terminal } = context
  if (finding.severity === 'error') context.status = EXIT.integrity
  else if (finding.severity === 'warning' && quiet === true) return
  if (json) return terminal.json(finding)
  await terminal.out(`${lineOf(finding)}\n`)
  if (finding.kind === 'record' && finding.hint !== undefined) terminal.say(`hint: ${finding.hint}`)
}

function lineOf(finding: FsckFinding): string {
  if (finding.kind === 'object') return objectLine(finding)
  if (finding.kind === 'store') return storeLine(finding)
  if (finding.kind === 'orphan') return `${finding.code} ${finding.type} ${finding.cid.toString()}`
  return `${finding.severity === 'warning' ? 'warning' : finding.code}: ${finding.message}`
}

function objectLine({ code, cid, where, message }: ObjectFinding): string {
  if (code === 'block-missing') return `missing ${cid.toString()}: ${where}`
  if (code === 'block-corrupt') return `corrupt ${cid.toString()}: ${where}`
  if (code === 'pack-corrupt') return `missing ${cid.toString()}: ${where} (it may be in a damaged pack)`
  return `${code} ${cid.toString()}: ${where}: ${message}`
}
