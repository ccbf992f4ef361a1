import { posix } from 'node:path'

import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel } from '../../repo/revision/object-type.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { directoryInTree, revisionOptions } from '../revisions.ts'
import { jsonLine } from '../terminal.ts'
import { GIT_MODES, type ListedEntry, listTree } from '../tree-listing.ts'

interface LsTreeFlags {
  recurse?: true
  trees?: true
  treesOnly?: true
  long?: true
  nul?: true
  nameOnly?: true
  nameStatus?: true
  objectOnly?: true
  fullName?: true
  fullTree?: true
  format?: string
  json?: true
}

/** `jzfs ls-tree`: lists a directory of a revision, for scripts. */
export const lsTree: CommandModule = {
  configure(command, context) {
    command
      .argument('<revision>', 'a commit, a tag, REV:PATH or the CID of a directory')
      .argument('[path...]', 'list only these; PATH/ lists what is in it')
      .option('-r, --recurse', 'list what is in directories instead of them; empty ones stay')
      .option('-t, --trees', 'list also directories that are gone into')
      .option('-d, --trees-only', 'list only directories')
      .option('-l, --long', 'show the sizes of files too')
      .option('-z, --nul', 'end entries with NUL, and do not quote names')
      .option('--name-only', 'print only names')
      .option('--name-status', 'the same')
      .option('--object-only', 'print only CIDs')
      .option('--full-name', 'print paths from the top of the tree, wherever you stand')
      .option('--full-tree', 'list the whole tree, wherever you stand')
      .option('--format <template>', 'show each by a template: %(objectmode) %(objecttype) %(objectname) %(path)')
      .option('--json', 'print a JSON document on a line for each entry')
      .action((revision: string, paths: string[], flags: LsTreeFlags) =>
        withRepository(context, (repository) => run(context, repository, { revision, paths }, flags)),
      )
  },
}

async function run(
  context: Context,
  repository: Repository,
  { revision, paths }: { revision: string; paths: string[] },
  flags: LsTreeFlags,
): Promise<void> {
  const options = revisionOptions(context, repository)
  const { cid } = await resolveRevision(repository, revision, options)
  const object = await peel(repository.store, options.graph, cid, 'no-tag', options)
  const tree = await peel(repository.store, options.graph, object, 'tree', options)
  // Where one stands says something of the trees of commits only.
  const here = flags.fullTree || object.equals(tree) ? '' : directoryInTree(context, repository)
  const wanted = paths.length === 0 && here !== '' ? [`${here}/`] : paths.map((path) => fromTop(here, path))
  const render = rendererOf(flags)
  const shownPath = (path: string) => (here === '' || flags.fullName ? path : posix.relative(here, path))
  await gatherOutput(context.terminal, async (output) => {
    for await (const entry of entriesOf(context, repository, tree, wanted, flags)) {
      await output.add(render({ ...entry, path: shownPath(entry.path) }))
    }
  })
}

/** A path from the top; a final slash stays, as it means what is in the directory. */
function fromTop(here: string, path: string): string {
  const full = posix.join(here, path)
  if (full === '..' || full.startsWith('../')) {
    throw new InvalidError('path-outside-repository', `the path is outside the tree: ${quoteName(path)}`, {
      hint: 'name a path below its root',
      details: { path },
    })
  }
  return full === './' || full === '.' || full === '/' ? '' : full.replace(/^\//, '')
}

/** Git's rules: a directory is gone into with -r, or on the way to a path; then it is shown with -t alone. */
async function* entriesOf(
  { signal }: Context,
  { store }: Repository,
  tree: CID,
  wanted: readonly string[],
  { recurse, trees, treesOnly }: LsTreeFlags,
): AsyncGenerator<ListedEntry> {
  const leadsOn = (path: string) => wanted.some((each) => each.startsWith(`${path}/`))
  const recursive = (path: string) => recurse === true || leadsOn(path)
  const passes = (path: string) =>
    wanted.length === 0 || leadsOn(path) || wanted.some((each) => isAtOrBelow(path, each))
  const showsEntered = trees === true || (treesOnly === true && recurse === true)
  for await (const entry of listTree(store, tree, { recursive, passes, signal })) {
    if (entry.kind !== 'directory') {
      if (!treesOnly) yield entry
    } else if (!recursive(entry.path) || showsEntered || (await isEmpty(store, entry.cid))) yield entry
  }
}

function isAtOrBelow(path: string, wanted: string): boolean {
  return wanted === '' || path === wanted || path.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`)
}

async function isEmpty(store: Repository['store'], directory: CID): Promise<boolean> {
  for await (const _ of listTree(store, directory, { recursive: false, passes: () => true })) return false
  return true
}

function rendererOf(flags: LsTreeFlags): (entry: ListedEntry) => string {
  if (flags.json) return (entry) => jsonLine({ mode: GIT_MODES[entry.kind], type: typeOf(entry), ...entry })
  const end = flags.nul ? '\0' : '\n'
  const template = templateOf(flags)
  return (entry) => `${expand(template, entry, flags.nul === true)}${end}`
}

function templateOf({ format, nameOnly, nameStatus, objectOnly, long }: LsTreeFlags): string {
  const given = [format, nameOnly ?? nameStatus, objectOnly, long].filter((each) => each !== undefined)
  if (given.length > 1) {
    throw new InvalidError('usage', '--format, --name-only, --object-only and -l exclude each other', {
      hint: 'leave out the others',
    })
  }
  if (format !== undefined) return format
  if (nameOnly || nameStatus) return '%(path)'
  if (objectOnly) return '%(objectname)'
  return `%(objectmode) %(objecttype) %(objectname)${long ? ' %(objectsize:padded)' : ''}%x09%(path)`
}

const FIELDS: Readonly<Record<string, (entry: ListedEntry) => string>> = {
  objectmode: ({ kind }) => GIT_MODES[kind],
  objecttype: (entry) => typeOf(entry),
  objectname: ({ cid }) => cid.toString(),
  objectsize: (entry) => sizeText(entry),
  'objectsize:padded': (entry) => sizeText(entry).padStart(7),
  kind: ({ kind }) => kind,
}

function expand(template: string, entry: ListedEntry, isPlain: boolean): string {
  return template.replaceAll(
    /%(?:\(([^)]*)\)|x([\da-fA-F]{2})|(.))/g,
    (text, field?: string, code?: string, sign?: string) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      if (sign === 'n') return '\n'
      if (sign === '%') return '%'
      if (field === 'path') return isPlain ? entry.path : quoteName(entry.path)
      return FIELDS[field ?? '']?.(entry) ?? noSuchField(text)
    },
  )
}

function typeOf({ kind }: ListedEntry): string {
  return kind === 'directory' ? 'tree' : 'file'
}

function sizeText({ kind, size }: ListedEntry): string {
  return kind === 'directory' ? '-' : String(size)
}

function noSuchField(text: string): never {
  throw new InvalidError('usage', `there is no field ${text}`, {
    hint: `there are path, ${Object.keys(FIELDS).join(', ')}; %n, %x00 and %% too`,
  })
}
