import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import { renderDate } from '../../model/commit/date-style.ts'
import { formatIdentity } from '../../model/commit/person.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { InvalidError, JzfsError } from '../../model/errors.ts'
import { decodeManifest } from '../../model/manifest/manifest.ts'
import { quoteName } from '../../model/quote-name.ts'
import { readNode } from '../../model/unixfs/node.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { type ObjectType, readObjectType } from '../../repo/revision/object-type.ts'
import { contentBytes } from '../../worktree/checkout/entry-content.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withRepository } from '../here.ts'
import { rawLines } from '../history/commit-text.ts'
import { manifestText } from '../publish/manifest-text.ts'
import { revisionOptions } from '../revisions.ts'
import { GIT_MODES, listTree } from '../tree-listing.ts'

interface CatFileFlags {
  type?: true
  size?: true
  exists?: true
  pretty?: true
  raw?: true
  json?: true
}

/** `jzfs cat-file`: shows a block and what it is. */
export const catFile: CommandModule = {
  configure(command, context) {
    command
      .argument('<revision>', 'a CID or a revision')
      .option('-t, --type', 'print what it is: commit, tag, tree, file or manifest')
      .option('-s, --size', 'print the bytes of a file, or of the block of anything else')
      .option('-e, --exists', 'print nothing, and exit with 1 where it is not here or corrupt')
      .option('-p, --pretty', 'print its content for people (default)')
      .option('--raw', 'print the bytes of its block')
      .option('--json', 'print one JSON document')
      .action((revision: string, flags: CatFileFlags) =>
        withRepository(context, (repository) => run(context, repository, revision, flags)),
      )
  },
}

async function run(context: Context, repository: Repository, revision: string, flags: CatFileFlags): Promise<void> {
  const { terminal, signal } = context
  const { store } = repository
  const wanted = [flags.type, flags.size, flags.exists, flags.pretty, flags.raw].filter(Boolean)
  if (wanted.length > 1)
    throw new InvalidError('usage', 'give one of -t, -s, -e, -p and --raw', { hint: 'leave out the others' })
  if (flags.exists) return checkExists(context, repository, revision)
  const { cid } = await resolveRevision(repository, revision, revisionOptions(context, repository))
  if (flags.raw) return terminal.out(await store.get(cid, { signal }))
  const type = await readObjectType(store, cid, { signal })
  if (flags.json)
    return terminal.json({
      cid,
      type,
      size: await sizeOf(context, repository, type, cid),
      ...(await fieldsOf(context, repository, type, cid)),
    })
  if (flags.type) return terminal.out(`${type}\n`)
  if (flags.size) return terminal.out(`${await sizeOf(context, repository, type, cid)}\n`)
  return printPretty(context, repository, type, cid)
}

async function checkExists(context: Context, repository: Repository, revision: string): Promise<void> {
  try {
    const { cid } = await resolveRevision(repository, revision, revisionOptions(context, repository))
    await repository.store.get(cid, { signal: context.signal })
  } catch (error) {
    if (!(error instanceof JzfsError) || !MISSING.has(error.code)) throw error
    context.status = EXIT.partial
  }
}

const MISSING = new Set(['block-missing', 'block-corrupt', 'revision-not-found', 'path-not-found'])

async function sizeOf({ signal }: Context, { store }: Repository, type: ObjectType, cid: CID): Promise<number> {
  if (type === 'file') return (await readNode(store, { cid }, { signal })).size
  return (await store.get(cid, { signal })).length
}

async function fieldsOf({ signal }: Context, { store }: Repository, type: ObjectType, cid: CID): Promise<object> {
  if (type === 'commit') return decodeCommit(cid, await store.get(cid, { signal }))
  if (type === 'tag') return decodeTag(cid, await store.get(cid, { signal }))
  if (type === 'manifest') return decodeManifest(cid, await store.get(cid, { signal }))
  if (type === 'tree') return { entries: await Array.fromAsync(listTree(store, cid, { recursive: false, signal })) }
  if (type === 'unknown') return {}
  const { kind, target, contentCid } = await readNode(store, { cid }, { signal })
  return { kind, target, contentCid }
}

async function printPretty(context: Context, { store }: Repository, type: ObjectType, cid: CID): Promise<void> {
  const { terminal, signal } = context
  if (type === 'tree') {
    for await (const { path, kind, cid: below } of listTree(store, cid, { recursive: false, signal })) {
      const word = kind === 'directory' ? 'tree' : 'file'
      await terminal.out(`${GIT_MODES[kind]} ${word} ${below.toString()}\t${quoteName(path)}\n`)
    }
    return
  }
  if (type === 'file') {
    const node = await readNode(store, { cid }, { signal })
    for await (const piece of contentBytes(store, { entry: { cid }, node }, { signal })) await terminal.out(piece)
    return
  }
  const bytes = await store.get(cid, { signal })
  if (type === 'unknown') return terminal.out(bytes)
  if (type === 'manifest') return terminal.out(manifestText(decodeManifest(cid, bytes)))
  await terminal.out(type === 'commit' ? prettyCommit(cid, bytes) : prettyTag(cid, bytes))
}

function prettyCommit(cid: CID, bytes: Uint8Array): string {
  const commit = decodeCommit(cid, bytes)
  return `${rawLines(commit).join('\n')}\n\n${commit.message}`
}

function prettyTag(cid: CID, bytes: Uint8Array): string {
  const { object, objectType, name, tagger, message } = decodeTag(cid, bytes)
  const date = renderDate(tagger.date, 'raw', new Date(0))
  const head = [
    `object ${object.toString()}`,
    `type ${objectType}`,
    `tag ${name}`,
    `tagger ${formatIdentity(tagger)} ${date}`,
  ]
  return `${head.join('\n')}\n\n${message}`
}
