import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import { parseDate } from '../../model/commit/date.ts'
import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import { ARCHIVE_FORMATS, type ArchiveFormat, createArchive } from '../../worktree/archive/archive.ts'
import { parsePathspecs } from '../../worktree/pathspec/pathspec.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { writeOutputFile } from '../output-file.ts'
import { createProgressLine } from '../progress.ts'
import { directoryInTree, revisionOptions } from '../revisions.ts'

interface ArchiveFlags {
  format?: string
  list?: true
  prefix?: string
  output?: string
  verbose?: true
  [level: `${number}`]: true | undefined
}

const LEVELS = Array.from({ length: 10 }, (_, level) => level)

/** `jzfs archive`: makes a tar or zip archive of a revision. */
export const archive: CommandModule = {
  configure(command, context) {
    command
      .argument('[revision]', 'a commit or tag, or a directory: REV:PATH, a CID')
      .argument('[pathspec...]', 'take only what is there')
      .option('--format <format>', `write ${ARCHIVE_FORMATS.join(', ')} (default: by the name of -o FILE, else tar)`)
      .option('-l, --list', 'list the formats')
      .option('--prefix <prefix>', 'put this before each path; for a folder, with a slash at its end')
      .option('-o, --output <file>', 'write to this file instead of standard output')
      .option('-v, --verbose', 'say each path on standard error')
    for (const level of LEVELS) command.option(`-${level}`, levelHelp(level))
    command.action((revision: string | undefined, pathspecs: string[], flags: ArchiveFlags) =>
      flags.list
        ? context.terminal.out(ARCHIVE_FORMATS.map((format) => `${format}\n`).join(''))
        : withRepository(context, (repository) => run(context, repository, { revision, pathspecs, flags })),
    )
  },
}

function levelHelp(level: number): string {
  if (level === 0) return 'do not compress'
  return level === 9 ? 'compress best' : `compress by level ${level}`
}

interface ArchiveRequest {
  revision: string | undefined
  pathspecs: string[]
  flags: ArchiveFlags
}

async function run(
  context: Context,
  repository: Repository,
  { revision, pathspecs, flags }: ArchiveRequest,
): Promise<void> {
  const { terminal, signal } = context
  if (revision === undefined) throw usage('no revision is named', 'name one: `jzfs archive HEAD`')
  const format = readFormat(flags)
  if (flags.output === undefined && terminal.interactive) {
    throw usage('an archive is not for a terminal', 'give -o FILE, or send it elsewhere with > or |')
  }
  const { tree, commit } = await findTree(context, repository, revision)
  const progress = createProgressLine(terminal, 'archiving')
  const done = { files: 0, bytes: 0 }
  const pieces = createArchive(repository.store, tree, {
    format,
    prefix: flags.prefix,
    seconds: commit?.seconds,
    commit: commit?.cid,
    level: LEVELS.findLast((level) => flags[`${level}`]),
    pathspecs: parsePathspecs(pathspecs, { worktree: '/', cwd: '/', isHistoric: true }),
    signal,
    onEntry: (path) => {
      done.files++
      if (flags.verbose) terminal.say(path)
    },
  })
  const watched = async function* () {
    for await (const piece of pieces) {
      done.bytes += piece.length
      progress.update(done)
      yield piece
    }
  }
  try {
    if (flags.output !== undefined) return await writeOutputFile(context, flags.output, watched())
    for await (const piece of watched()) await terminal.out(piece)
  } finally {
    progress.done()
  }
}

function readFormat({ format, output }: ArchiveFlags): ArchiveFormat {
  if (format === undefined) return ARCHIVE_FORMATS.find((each) => output?.endsWith(`.${each}`)) ?? 'tar'
  const known = ARCHIVE_FORMATS.find((each) => each === format)
  if (known !== undefined) return known
  throw usage(`there is no format "${format}"`, `there are ${ARCHIVE_FORMATS.join(', ')}`)
}

/** The directory to archive. As git, of a commit that is the one where the user stands. */
async function findTree(context: Context, repository: Repository, revision: string) {
  const { store } = repository
  const options = revisionOptions(context, repository)
  const { cid } = await resolveRevision(repository, revision, options)
  const object = await peel(store, options.graph, cid, 'no-tag', options)
  const root = await peel(store, options.graph, object, 'tree', options)
  if ((await readObjectType(store, object, options)) !== 'commit') return { tree: root, commit: undefined }
  const { committer } = decodeCommit(object, await store.get(object, options))
  const commit = { cid: object, seconds: parseDate(committer.date)?.seconds }
  return { tree: await findHere(context, repository, { root, revision }), commit }
}

async function findHere(
  context: Context,
  repository: Repository,
  { root, revision }: { root: CID; revision: string },
): Promise<CID> {
  const here = directoryInTree(context, repository)
  const entry = await resolvePath(repository.store, root, here, { signal: context.signal })
  if (entry !== undefined) return entry.cid
  throw new NotFoundError('path-not-found', `${revision} has no folder ${quoteName(here)}, where you stand`, {
    hint: 'go to the top of the working tree, or name what you want: `jzfs archive REV:PATH`',
    details: { revision, path: here },
  })
}

function usage(message: string, hint: string): InvalidError {
  return new InvalidError('usage', `archive: ${message}`, { hint })
}
