import type { CommandModule } from '../command.ts'
import { withRepository } from '../here.ts'
import { readCount } from '../numbers.ts'
import {
  addRefListOptions,
  printRefs,
  readRefScene,
  refDocument,
  type RefListFlags,
  selectRefs,
} from '../refs/ref-list.ts'
import { matchesRefPattern } from '../refs/ref-pattern.ts'

interface ForEachRefFlags extends RefListFlags {
  count?: string
  json?: true
}

/** `jzfs for-each-ref`: lists refs. */
export const forEachRef: CommandModule = {
  configure(command, context) {
    addRefListOptions(command)
      .argument('[pattern...]', 'list only refs that are this, or below it, or match it (refs/heads, refs/tags/v*)')
      .option('--count <number>', 'list so many at most')
      .option('--json', 'print a JSON document on a line for each ref')
      .action((patterns: string[], flags: ForEachRefFlags) =>
        withRepository(context, async (repository) => {
          const all = await repository.refs.list()
          const matching = all.filter(
            ({ name }) => patterns.length === 0 || patterns.some((pattern) => matchesRefPattern(pattern, name)),
          )
          const count = flags.count === undefined ? Infinity : readCount('--count', flags.count)
          const refs = (await selectRefs(context, repository, matching, flags)).slice(0, count)
          if (flags.json !== true) {
            await printRefs(context, repository, refs, flags.format ?? '%(objectname) %(objecttype)\t%(refname)')
            return
          }
          const scene = await readRefScene(context, repository)
          for (const ref of refs) await context.terminal.json(refDocument(ref, scene))
        }),
      )
  },
}
