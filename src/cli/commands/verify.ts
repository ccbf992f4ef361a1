import type { IntegrityError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { verifyReachable, type VerifyStart } from '../../repo/verify.ts'
import type { VerifyProgress } from '../../repo/verify/verify-run.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withRepository } from '../here.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'
import { findingLine, soundLine, storeLine } from '../soundness.ts'

interface VerifyFlags {
  store?: boolean
  json?: true
}

/** `jzfs verify`: checks everything that revisions reach, and the store. */
export const verify: CommandModule = {
  configure(command, context) {
    command
      .argument('[revision...]', 'check what these reach (default: HEAD, all refs and the store)')
      .option('--store', 'check every pack and loose block too, whatever refers to them')
      .option('--no-store', 'do not check the store')
      .option('--json', 'print a JSON document on a line for each finding, and one with the totals')
      .action((revisions: string[], flags: VerifyFlags) =>
        withRepository(context, (repository) => run(context, repository, revisions, flags)),
      )
  },
}

async function run(context: Context, repository: Repository, revisions: string[], flags: VerifyFlags): Promise<void> {
  const starts = await findStarts(context, repository, revisions, flags)
  const totals = await verifyRevisions(context, repository, starts, flags)
  const checksStore = flags.store ?? revisions.length === 0
  if (checksStore) await verifyStore(context, repository, flags)
  if (flags.json) return context.terminal.json({ kind: 'totals', ...totals })
  if (context.status === EXIT.integrity) return
  await context.terminal.out(`${soundLine(totals)}\n`)
}

/** What is verified: what was named, or else HEAD and every ref that can be read. */
async function findStarts(
  context: Context,
  repository: Repository,
  revisions: string[],
  flags: VerifyFlags,
): Promise<VerifyStart[]> {
  const options = revisionOptions(context, repository)
  const starts: VerifyStart[] = []
  for (const revision of revisions) {
    starts.push({ revision, cid: (await resolveRevision(repository, revision, options)).cid })
  }
  if (revisions.length > 0) return starts
  const corrupt: IntegrityError[] = []
  const refs = await repository.refs.list('refs', { onCorrupt: (error) => corrupt.push(error) })
  for (const { code, message, details } of corrupt) {
    await report(context, flags, { kind: 'ref', code, message, ...details }, `${code}: ${message}`)
  }
  const head = await repository.refs.headCommit()
  if (head !== undefined) starts.push({ revision: 'HEAD', cid: head })
  return [...starts, ...refs.map(({ name, cid }) => ({ revision: name, cid }))]
}

async function verifyRevisions(
  context: Context,
  { store }: Repository,
  starts: readonly VerifyStart[],
  flags: VerifyFlags,
): Promise<VerifyProgress> {
  const progress = createProgressLine(context.terminal, 'verifying')
  const findings = verifyReachable(store, starts, { signal: context.signal, onProgress: progress.update })
  try {
    for (;;) {
      const step = await findings.next()
      if (step.done) return step.value
      await report(context, flags, { kind: 'finding', ...step.value }, findingLine(step.value))
    }
  } finally {
    progress.done()
  }
}

async function verifyStore(context: Context, { store }: Repository, flags: VerifyFlags): Promise<void> {
  const progress = createProgressLine(context.terminal, 'checking packs')
  const found = store.verifyPacks({ signal: context.signal, onProgress: progress.update })
  try {
    for await (const finding of found) {
      await report(context, flags, { kind: 'store', ...finding }, storeLine(finding))
    }
  } finally {
    progress.done()
  }
}

async function report(context: Context, { json }: VerifyFlags, document: object, line: string): Promise<void> {
  context.status = EXIT.integrity
  await (json ? context.terminal.json(document) : context.terminal.out(`${line}\n`))
}
