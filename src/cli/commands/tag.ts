import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import type { RefAuthor } from '../../repo/refs/branch.ts'
import { createTag, deleteTag, tagRef, TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { cleanMessage } from '../../worktree/commit.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { editMessage } from '../editor.ts'
import { withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { givenMessage } from '../message-options.ts'
import { readCount } from '../numbers.ts'
import { unpublishDeleted } from '../published-branch.ts'
import { deleteEach } from '../refs/delete-each.ts'
import {
  addRefListOptions,
  printRefs,
  readRefScene,
  refDocument,
  type RefListFlags,
  selectRefs,
} from '../refs/ref-list.ts'
import { matchesShortName } from '../refs/ref-pattern.ts'
import { revisionOptions } from '../revisions.ts'

interface TagFlags extends RefListFlags {
  list?: true
  lines?: string
  annotate?: true
  message?: string[]
  file?: string
  force?: true
  delete?: true
  json?: true
}

/** `jzfs tag`: lists, makes and deletes tags. */
export const tag: CommandModule = {
  attachedValues: { '-n': '1', '--lines': '1' },
  configure(command, context) {
    addRefListOptions(command)
      .argument('[name...]', 'NAME [REV] makes a tag; with -d names, with --list patterns')
      .option('-l, --list', 'list tags, those that match the patterns')
      .option('-n, --lines [number]', 'list with the first lines of the messages (default: 1)')
      .option('-a, --annotate', 'make a tag with a message and your name')
      .option('-m, --message <text>', 'make such a tag with this message; several become paragraphs', collect)
      .option('-F, --file <path>', 'take the message from a file, - for standard input')
      .option('-f, --force', 'replace a tag that is there already')
      .option('-d, --delete', 'delete tags')
      .option('--json', 'print one JSON document')
      .action((names: string[], flags: TagFlags) =>
        withRepository(context, (repository) => run(context, repository, names, flags)),
      )
  },
}

function run(context: Context, repository: Repository, names: string[], flags: TagFlags): Promise<void> {
  const { list, contains, merged, pointsAt, lines } = flags
  if (flags.delete) return remove(context, repository, names, flags)
  const isListing = (list ?? contains ?? merged ?? pointsAt ?? lines) !== undefined || names.length === 0
  return isListing ? printList(context, repository, names, flags) : create(context, repository, names, flags)
}

function author(context: Context, { config }: Repository): RefAuthor {
  return { command: context.commandLine, person: currentPerson(context, config, 'COMMITTER') }
}

async function create(context: Context, repository: Repository, names: string[], flags: TagFlags): Promise<void> {
  const [name = '', revision = 'HEAD', ...more] = names
  if (more.length > 0)
    throw new InvalidError('usage', 'tag wants NAME and a revision', { hint: 'see `jzfs tag --help`' })
  const { cid: object } = await resolveRevision(repository, revision, revisionOptions(context, repository))
  const ref = tagRef(name)
  const before = await repository.refs.read(ref)
  const force = flags.force === true
  const message = await chooseMessage(context, repository, flags, name)
  const after = await createTag(repository, { name, object, message, force }, author(context, repository))
  if (flags.json) return context.terminal.json({ tag: name, before: before ?? null, after, object })
  if (before !== undefined && !before.equals(after)) {
    await context.terminal.out(`Updated tag ${name} (was ${shortenCid(before)})\n`)
  }
}

/** Undefined for a lightweight tag. */
async function chooseMessage(
  context: Context,
  repository: Repository,
  flags: TagFlags,
  name: string,
): Promise<string | undefined> {
  const given = givenMessage(context, flags)
  if (given !== undefined) return cleanMessage(given)
  if (!flags.annotate) return undefined
  const draft = `\n# Write the message of the tag ${name}. Lines that begin with # are dropped.\n`
  return cleanMessage(await editMessage(context, repository.path, draft))
}

async function remove(context: Context, repository: Repository, names: string[], flags: TagFlags): Promise<void> {
  if (names.length === 0) {
    throw new InvalidError('usage', '-d wants the name of a tag', { hint: '`jzfs tag` lists what there is' })
  }
  const deleted: { tag: string; was: CID }[] = []
  const gone = await deleteEach(context, names, flags.json === true, async (name) => {
    const was = await deleteTag(repository, name, author(context, repository))
    deleted.push({ tag: name, was })
    if (!flags.json) await context.terminal.out(`Deleted tag '${name}' (was ${shortenCid(was)})\n`)
  })
  await unpublishDeleted(context, repository, gone.map(tagRef))
  if (flags.json) await context.terminal.json({ deleted })
}

async function printList(context: Context, repository: Repository, patterns: string[], flags: TagFlags): Promise<void> {
  const all = await repository.refs.list('refs/tags')
  const matching = all.filter(({ name }) => matchesShortName(patterns, name.slice(TAGS.length)))
  const tags = await selectRefs(context, repository, matching, flags)
  if (flags.json) {
    const scene = await readRefScene(context, repository)
    const documents = tags.map((ref) => ({ tag: ref.name.slice(TAGS.length), ...refDocument(ref, scene) }))
    return context.terminal.json({ tags: documents })
  }
  if (flags.format !== undefined) return printRefs(context, repository, tags, flags.format)
  const count = flags.lines === undefined ? 0 : readCount('-n', flags.lines)
  const shown = tags.map(({ name, tag: annotated, commit }) => {
    const short = name.slice(TAGS.length)
    if (count === 0) return `${short}\n`
    const [first = '', ...more] = (annotated?.message ?? commit?.message ?? '').trimEnd().split('\n').slice(0, count)
    return [`${short.padEnd(15)} ${first}`, ...more.map((line) => `    ${line}`)].map((line) => `${line}\n`).join('')
  })
  await context.terminal.out(shown.join(''))
}
