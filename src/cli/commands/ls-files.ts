import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import { quoteName } from '../../model/quote-name.ts'
import type { EntryKind } from '../../worktree/index/index-entry.ts'
import { listFiles, type FileSelection, type ListedFile } from '../../worktree/status/list-files.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { readPathspecs } from '../pathspecs.ts'

interface LsFilesFlags extends FileSelection {
  stage?: true
  unmerged?: true
  nul?: true
  json?: true
}

/** `jzfs ls-files`: lists the files of the index, or of the working tree. */
export const lsFiles: CommandModule = {
  configure(command, context) {
    command
      .argument('[pathspec...]', 'list only what is there')
      .option('-c, --cached', 'list what is tracked (the default)')
      .option('-o, --others', 'list what is untracked and not ignored')
      .option('-i, --ignored', 'list what is ignored')
      .option('-d, --deleted', 'list tracked files that are gone')
      .option('-m, --modified', 'list tracked files that are changed or gone')
      .option('-s, --stage', 'show mode, CID and stage of what is tracked')
      .option('-u, --unmerged', 'show only paths in conflict, with mode, CID and stage')
      .option('-z, --nul', 'end names with NUL, and do not quote them')
      .option('--json', 'print a JSON document a line')
      .action((texts: string[], flags: LsFilesFlags) =>
        withWorktree(context, async (repository) => {
          // Git lists what is below the folder where the user stands.
          const pathspecs = readPathspecs(context, repository, texts.length === 0 ? ['.'] : texts)
          const list = listFiles(repository, selectionOf(flags), {
            pathspecs,
            unmerged: flags.unmerged === true,
            signal: context.signal,
            onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
          })
          await print(context, list, shownFrom(context, repository), flags)
        }),
      )
  },
}

function selectionOf({ cached, others, ignored, deleted, modified, stage }: LsFilesFlags): FileSelection {
  const isDefault = [others, ignored, deleted, modified].every((each) => each !== true)
  return {
    cached: cached === true || stage === true || isDefault,
    others: others === true,
    ignored: ignored === true,
    deleted: deleted === true,
    modified: modified === true,
  }
}

/** How much is collected before it is written. */
const CHUNK_LENGTH = 1 << 16

async function print(
  { terminal }: Context,
  files: AsyncIterable<ListedFile>,
  show: (path: string) => string,
  flags: LsFilesFlags,
): Promise<void> {
  let text = ''
  for await (const file of files) {
    if (flags.json) {
      await terminal.json(document(file))
      continue
    }
    const name = flags.nul ? `${show(file.path)}\0` : `${quoteName(show(file.path))}\n`
    text += flags.stage || flags.unmerged ? stageOf(file) + name : name
    if (text.length < CHUNK_LENGTH) continue
    await terminal.out(text)
    text = ''
  }
  if (text !== '') await terminal.out(text)
}

function stageOf({ entry }: ListedFile): string {
  return entry === undefined ? '' : `${MODES[entry.kind]} ${entry.cid.toString()} ${entry.stage}\t`
}

const MODES: Record<EntryKind, string> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  directory: '040000',
}

function document({ path, state, entry }: ListedFile): unknown {
  if (entry === undefined) return { path, state }
  const { kind, cid, contentCid, size, stage } = entry
  return { path, state, kind, cid, contentCid, size, stage }
}

/** Paths as seen from where the user stands, as git shows them. */
function shownFrom(context: Context, { worktree }: WorkingRepository): (path: string) => string {
  const cwd = realpathSync(context.cwd)
  if (cwd === worktree) return (path) => path
  return (path) => `${relative(cwd, join(worktree, path)) || '.'}${path.endsWith('/') ? '/' : ''}`
}
