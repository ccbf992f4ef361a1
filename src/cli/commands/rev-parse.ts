import { realpathSync } from 'node:fs'

import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { InvalidError, JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevisions, splitRange } from '../../repo/revision-range.ts'
import { resolveRevision } from '../../repo/revision.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { requireWorktree, withRepository } from '../here.ts'
import { givenOptions } from '../operands.ts'
import { shortRefName } from '../refs/ref-template.ts'
import { directoryInTree, revisionOptions } from '../revisions.ts'

interface RevParseFlags {
  verify?: true
  quiet?: true
  short?: true
  abbrevRef?: true
  symbolicFullName?: true
  showToplevel?: true
  showPrefix?: true
  jzfsDir?: true
  isInsideWorkTree?: true
  isBareRepository?: true
  json?: true
}

/** `jzfs rev-parse`: turns revisions into CIDs, and tells where the repository is. */
export const revParse: CommandModule = {
  configure(command, context) {
    command
      .argument(
        '[revision...]',
        'what to look up; of a range, the commit that it ends with and ^ the one that it leaves out',
      )
      .option('--verify', 'want exactly one revision, no range')
      .option('-q, --quiet', 'with --verify: print nothing where there is no such revision, and exit with 1')
      .option('--short', 'shorten CIDs')
      .option('--abbrev-ref', 'print the short name of the ref that it is')
      .option('--symbolic-full-name', 'print the full name of the ref that it is')
      .option('--show-toplevel', 'print the top of the working tree')
      .option('--show-prefix', 'print where you stand below the top')
      .option('--jzfs-dir', 'print the folder of the repository')
      .option('--is-inside-work-tree', 'print whether you stand in a working tree')
      .option('--is-bare-repository', 'print whether the repository has no working tree')
      .option('--json', 'print one JSON document')
      .action((revisions: string[], flags: RevParseFlags) =>
        withRepository(context, (repository) => run(context, repository, command, revisions, flags)),
      )
  },
}

async function run(
  context: Context,
  repository: Repository,
  command: Command,
  revisions: string[],
  flags: RevParseFlags,
): Promise<void> {
  if (flags.verify && revisions.length !== 1) {
    throw new InvalidError('usage', '--verify wants one revision', { hint: 'name exactly one' })
  }
  try {
    const places = describePlaces(context, repository, command)
    const found: ParsedRevision[] = []
    for (const text of revisions) found.push(...(await parse(context, repository, text, flags)))
    if (flags.json) {
      return await context.terminal.json({
        ...Object.fromEntries(places),
        revisions: found.map(({ text, isExcluded, cid, ref }) => ({ revision: text, cid, ref, excluded: isExcluded })),
      })
    }
    const lines = [...places.map(([, value]) => String(value)), ...found.flatMap((each) => lineOf(each, flags) ?? [])]
    await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
  } catch (error) {
    if (!(error instanceof JzfsError) || !flags.verify || !flags.quiet) throw error
    context.status = EXIT.partial
  }
}

interface ParsedRevision {
  text: string
  cid: CID
  ref?: string | undefined
  isExcluded: boolean
}

async function parse(
  context: Context,
  repository: Repository,
  text: string,
  { verify }: RevParseFlags,
): Promise<ParsedRevision[]> {
  const options = revisionOptions(context, repository)
  if (splitRange(text) === undefined && !/^\^|\^[@!]$|\^-\d*$/.test(text)) {
    const found = await resolveRevision(repository, text, options)
    return [{ text, isExcluded: false, cid: found.cid, ref: await symbolicTarget(repository, found.ref) }]
  }
  if (verify)
    throw new InvalidError('usage', `--verify wants one revision, not ${text}`, { hint: 'leave out --verify' })
  const { include, exclude } = await resolveRevisions(repository, [text], options)
  return [
    ...include.toReversed().map((cid) => ({ text, cid, isExcluded: false })),
    ...exclude.map((cid) => ({ text, cid, isExcluded: true })),
  ]
}

/** The branch that HEAD stands on instead of HEAD. */
async function symbolicTarget({ refs }: Repository, ref: string | undefined): Promise<string | undefined> {
  if (ref !== 'HEAD') return ref
  const head = await refs.head()
  return 'branch' in head ? head.branch : ref
}

/** Undefined where the name of a ref is wanted, and it is none. */
function lineOf({ cid, ref, isExcluded }: ParsedRevision, flags: RevParseFlags): string | undefined {
  if (flags.abbrevRef || flags.symbolicFullName) {
    if (ref === undefined) return undefined
    return flags.abbrevRef ? shortRefName(ref) : ref
  }
  return `${isExcluded ? '^' : ''}${flags.short ? shortenCid(cid) : cid.toString()}`
}

/** The answers to questions about the repository, in the order in which they were asked. */
function describePlaces(context: Context, repository: Repository, command: Command): [string, string | boolean][] {
  const { worktree, path, bare } = repository
  const answers: Record<string, () => string | boolean> = {
    showToplevel: () => requireWorktree(repository).worktree,
    showPrefix: () => {
      const directory = directoryInTree(context, repository)
      return directory === '' ? '' : `${directory}/`
    },
    jzfsDir: () => path,
    isInsideWorkTree: () => worktree !== undefined && isInside(context, worktree, path),
    isBareRepository: () => bare,
  }
  return givenOptions(command).flatMap((name) => {
    const answer = answers[name]
    return answer === undefined ? [] : [[name, answer()]]
  })
}

/** Whether the user stands in the working tree, and not in the folder of the repository itself. */
function isInside({ cwd }: Context, worktree: string, path: string): boolean {
  const here = `${realpathSync(cwd)}/`
  return here.startsWith(`${worktree}/`) && !here.startsWith(`${path}/`)
}
