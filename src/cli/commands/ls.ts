import type { CID } from 'multiformats/cid'

import { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { readNode } from '../../model/unixfs/node.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { revisionOptions } from '../revisions.ts'
import { jsonLine, type Terminal } from '../terminal.ts'
import { pathInHead, treeRevision } from '../tree-arguments.ts'
import { type ListedEntry, listTree, shownName } from '../tree-listing.ts'

interface LsFlags {
  long?: true
  recursive?: true
  json?: true
}

/** `jzfs ls`: lists a folder of a revision. */
export const ls: CommandModule = {
  configure(command, context) {
    command
      .argument('[folder]', 'a revision, REV:PATH, a CID, /ipfs/CID/PATH, or a path in HEAD (default: HEAD)')
      .option('-l, --long', 'show kinds, sizes and CIDs too')
      .option('-R, --recursive', 'list what is in its folders too')
      .option('--json', 'print a JSON document on a line for each entry')
      .action((folder: string | undefined, flags: LsFlags) =>
        withRepository(context, async (repository) => {
          const { terminal } = context
          await gatherOutput(terminal, async (output) => {
            for await (const entry of entriesOf(context, repository, folder ?? 'HEAD', flags)) {
              if (flags.json) await output.add(jsonLine(entry))
              else await output.add(`${flags.long ? longLine(terminal, entry) : shownName(terminal, entry)}\n`)
            }
          })
        }),
      )
  },
}

async function* entriesOf(
  context: Context,
  repository: Repository,
  text: string,
  { recursive }: LsFlags,
): AsyncGenerator<ListedEntry> {
  const { store } = repository
  const { signal } = context
  const options = revisionOptions(context, repository)
  const cid = await peel(store, options.graph, await find(context, repository, text), 'no-tag', options)
  if ((await readObjectType(store, cid, options)) === 'file') {
    const { kind, size, target } = await readNode(store, { cid }, { signal })
    yield { path: text.replace(/^[^:/]*:/, ''), kind, cid, size, target }
  } else {
    const directory = await peel(store, options.graph, cid, 'tree', options)
    yield* listTree(store, directory, { recursive: recursive === true, signal })
  }
}

/** A revision, or else a path in HEAD. */
async function find(context: Context, repository: Repository, text: string): Promise<CID> {
  const options = revisionOptions(context, repository)
  try {
    return (await resolveRevision(repository, text, options)).cid
  } catch (error) {
    const isUnknown = error instanceof JzfsError && error.code === 'revision-not-found'
    if (!isUnknown || treeRevision(text) === text || text === 'HEAD') throw error
    return (await resolveRevision(repository, pathInHead(text), options)).cid
  }
}

function longLine(terminal: Terminal, entry: ListedEntry): string {
  const target = entry.target === undefined ? '' : ` -> ${quoteName(entry.target)}`
  const facts = `${entry.kind.padEnd(10)} ${String(entry.size).padStart(12)} ${entry.cid.toString()}`
  return `${facts} ${shownName(terminal, entry)}${target}`
}
