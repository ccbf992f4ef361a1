import { resolve } from 'node:path'

import { openConfig } from '../../repo/config/config.ts'
import { initRepository } from '../../repo/init-repository.ts'
import type { CommandModule } from '../command.ts'
import { configSources, openOptions } from '../here.ts'

interface InitFlags {
  bare?: true
  initialBranch?: string
  quiet?: true
  json?: true
}

/** `jzfs init`: makes a folder a repository. */
export const init: CommandModule = {
  configure(command, context) {
    command
      .argument('[directory]', 'the folder, made where it is missing', '.')
      .option('--bare', 'make a repository without a working tree')
      .option('-b, --initial-branch <name>', 'name the first branch')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action(async (directory: string, flags: InitFlags) => {
        const initialBranch = flags.initialBranch ?? openConfig(configSources(context)).get('init.defaultBranch')
        const path = resolve(context.cwd, directory)
        const repository = await initRepository(path, {
          ...openOptions(context),
          bare: flags.bare === true,
          initialBranch,
        })
        const { id, created } = repository
        await repository.close()
        if (flags.json) return context.terminal.json({ path: repository.path, id, bare: repository.bare, created })
        if (flags.quiet) return
        const state = created ? 'Initialized empty' : 'There is already a'
        await context.terminal.out(`${state} jzfs repository in ${repository.path}\n`)
      })
  },
}
