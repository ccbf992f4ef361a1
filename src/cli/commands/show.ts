import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { renderDate } from '../../model/commit/date-style.ts'
import { formatIdentity } from '../../model/commit/person.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { InvalidError } from '../../model/errors.ts'
import { decodeManifest } from '../../model/manifest/manifest.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { readObjectType } from '../../repo/revision/object-type.ts'
import { contentBytes } from '../../worktree/checkout/entry-content.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withColor } from '../diff/color-option.ts'
import { addDiffOptions, DIFF_VALUES, type DiffFlags, readDiffForms } from '../diff/diff-forms.ts'
import { withRepository } from '../here.ts'
import { type ChangeFinder, type CommitChangeOptions, createChangeFinder } from '../history/commit-changes.ts'
import { commitDocument } from '../history/commit-document.ts'
import { changeDocuments, renderEntry } from '../history/commit-entry.ts'
import { isSeparated } from '../history/commit-format.ts'
import { printableMessage } from '../history/commit-message.ts'
import {
  addCommitStyleOptions,
  COMMIT_STYLE_VALUES,
  type CommitStyleFlags,
  readCommitStyle,
} from '../history/commit-style.ts'
import type { CommitStyle } from '../history/commit-text.ts'
import { type Decorations, readDecorations } from '../history/decorations.ts'
import { writeLog } from '../history/log-writer.ts'
import { addMergeOptions, type MergeFlags, readMergeForm } from '../history/merge-form.ts'
import { addPickaxeOptions, type PickaxeFlags, readPickaxe } from '../history/pickaxe-options.ts'
import { readShown } from '../history/read-shown.ts'
import { divideOperands } from '../operands.ts'
import { withPager } from '../pager.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { manifestText } from '../publish/manifest-text.ts'
import { revisionOptions, splitArguments } from '../revisions.ts'
import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'
import { listTree, shownName } from '../tree-listing.ts'

interface ShowFlags extends CommitStyleFlags, DiffFlags, MergeFlags, PickaxeFlags {
  json?: true
}

/** `jzfs show`: shows a commit with its changes, a tag and what it names, a directory or a file. */
export const show: CommandModule = {
  attachedValues: { ...COMMIT_STYLE_VALUES, ...DIFF_VALUES },
  configure(command, context) {
    addPickaxeOptions(addMergeOptions(addDiffOptions(addCommitStyleOptions(command))))
      .argument('[revision-or-path...]', 'what to show (default: HEAD)')
      .option('--json', 'print a JSON document on a line for each object')
      .action((operands: string[], flags: ShowFlags) => runShow(context, command, operands, flags))
  },
}

/** One run of the command, and where it prints. */
interface Showing extends CommitChangeOptions {
  context: Context
  terminal: Terminal
  style: CommitStyle
  decorations: Decorations
  finder: ChangeFinder
}

function runShow(context: Context, command: Command, operands: string[], flags: ShowFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    const options = revisionOptions(context, repository)
    const divided = divideOperands(command, operands)
    const { revisions, paths } = await splitArguments(context, repository, divided, options)
    const objects: { text: string; cid: CID }[] = []
    for (const text of revisions.length === 0 ? ['HEAD'] : revisions) {
      objects.push({ text, cid: (await resolveRevision(repository, text, options)).cid })
    }
    const changes: CommitChangeOptions = {
      repository,
      graph: options.graph,
      pathspecs: readHistoricPathspecs(context, repository, paths),
      forms: readDiffForms(flags, { default: flags.json ? 'nothing' : 'patch', directory: options.directory ?? '' }),
      merges: readMergeForm(flags) ?? 'dense',
      pickaxe: readPickaxe(flags),
    }
    const finder = createChangeFinder(context, changes)
    const decorations = await readDecorations(repository)
    const showing = (terminal: Terminal): Showing => {
      const style = readCommitStyle(context, terminal, flags)
      return { ...changes, context, terminal, style, decorations, finder }
    }
    if (flags.json) {
      const run = showing(context.terminal)
      for (const { cid } of objects) await printDocument(run, cid)
      return
    }
    await withPager(context, repository.config, async (terminal) => {
      const run = showing(withColor(terminal, changes.forms.color))
      for (const [at, { text, cid }] of objects.entries()) {
        if (at > 0 && isSeparated(run.style.format)) await terminal.out('\n')
        await showObject(run, text, cid)
      }
    })
  })
}

async function showObject(run: Showing, text: string, cid: CID): Promise<void> {
  const { context, repository, terminal } = run
  const type = await readObjectType(repository.store, cid, context)
  if (type === 'commit') return showCommit(run, cid)
  if (type === 'tag') return showTag(run, cid)
  if (type === 'tree') return showTree(run, text, cid)
  if (type === 'manifest') return showManifest(run, cid)
  if (type === 'unknown') throw unknownObject(cid)
  const node = await readNode(repository.store, { cid }, context)
  for await (const piece of contentBytes(repository.store, { entry: { cid }, node }, context)) await terminal.out(piece)
}

async function showCommit(run: Showing, cid: CID): Promise<void> {
  const { context, graph, terminal, style, decorations, finder } = run
  const id = cid.toString()
  const shown = await readShown(context, graph, { id }, decorations)
  const changes = await finder.changesOf({ id, ...shown.commit })
  const entry = renderEntry(shown, changes, { ...run, columns: terminal.columns, signal: context.signal })
  await writeLog(terminal, { isSeparated: isSeparated(style.format), graph: undefined }, async (write) => {
    await write({ id, parents: [] }, entry.text, entry.details)
  })
}

async function showTag(run: Showing, cid: CID): Promise<void> {
  const { context, repository, terminal, style } = run
  const { name, tagger, message, object } = decodeTag(cid, await repository.store.get(cid, context))
  const date = renderDate(tagger.date, style.date ?? 'default', style.now)
  const shown = (terminal.interactive ? printableMessage(message) : message).trimEnd()
  const text = shown === '' ? '' : `\n${shown}\n`
  const heading = styled(terminal, 'yellow', `tag ${name}`)
  await terminal.out(`${heading}\nTagger: ${formatIdentity(tagger)}\nDate:   ${date}\n${text}\n`)
  await showObject(run, object.toString(), object)
}

async function showManifest({ context, repository, terminal }: Showing, cid: CID): Promise<void> {
  const text = manifestText(decodeManifest(cid, await repository.store.get(cid, context)))
  const shown = terminal.interactive ? printableMessage(text) : text
  await terminal.out(`${styled(terminal, 'yellow', `manifest ${cid.toString()}`)}\n${shown}`)
}

async function showTree({ context, repository, terminal }: Showing, text: string, cid: CID): Promise<void> {
  await terminal.out(`${styled(terminal, 'yellow', `tree ${text}`)}\n\n`)
  for await (const entry of listTree(repository.store, cid, { recursive: false, signal: context.signal })) {
    await terminal.out(`${shownName(terminal, entry)}\n`)
  }
}

async function printDocument(run: Showing, cid: CID): Promise<void> {
  const { context, repository, graph, forms, terminal, decorations, finder } = run
  const { store } = repository
  const type = await readObjectType(store, cid, context)
  if (type === 'unknown') throw unknownObject(cid)
  if (type === 'commit') {
    const id = cid.toString()
    const shown = await readShown(context, graph, { id }, decorations)
    const changes = await changeDocuments(await finder.changesOf({ id, ...shown.commit }), forms, context)
    return terminal.json({ type, ...commitDocument(shown), changes })
  }
  if (type === 'tag') {
    const tag = decodeTag(cid, await store.get(cid, context))
    await terminal.json({ type, tag: cid, ...tag })
    return printDocument(run, tag.object)
  }
  if (type === 'manifest') return terminal.json({ type, cid, ...decodeManifest(cid, await store.get(cid, context)) })
  if (type === 'file') {
    const { kind, size, target, contentCid } = await readNode(store, { cid }, context)
    return terminal.json({ type, cid, kind, size, contentCid, target })
  }
  const entries = await Array.fromAsync(listTree(store, cid, { recursive: false, signal: context.signal }))
  return terminal.json({ type, tree: cid, entries })
}

function unknownObject(cid: CID): InvalidError {
  return new InvalidError('object-unknown', `${cid.toString()} is a node that this version does not know`, {
    hint: `look at its bytes with \`jzfs cat-file --raw ${cid.toString()}\``,
    details: { cid: cid.toString() },
  })
}
