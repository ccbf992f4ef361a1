import { readNode } from '../../model/unixfs/node.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel } from '../../repo/revision/object-type.ts'
import { contentBytes } from '../../worktree/checkout/entry-content.ts'
import type { CommandModule } from '../command.ts'
import { withRepository } from '../here.ts'
import { revisionOptions } from '../revisions.ts'
import { treeRevision } from '../tree-arguments.ts'

/** `jzfs cat`: prints files of a revision. */
export const cat: CommandModule = {
  configure(command, context) {
    command.argument('<file...>', 'REV:PATH, a CID, /ipfs/CID/PATH, or a path in HEAD').action((files: string[]) =>
      withRepository(context, async (repository) => {
        const { store } = repository
        const options = revisionOptions(context, repository)
        for (const file of files) {
          const found = await resolveRevision(repository, treeRevision(file), options)
          const cid = await peel(store, options.graph, found.cid, 'file', options)
          const node = await readNode(store, { cid }, options)
          const bytes = contentBytes(store, { entry: { cid }, node }, { signal: context.signal })
          for await (const piece of bytes) await context.terminal.out(piece)
        }
      }),
    )
  },
}
