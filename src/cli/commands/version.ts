import type { CommandModule } from '../command.ts'
import { VERSION } from '../version.ts'

/** `jzfs version`: what runs, for bug reports. */
export const version: CommandModule = {
  configure(command, context) {
    command.option('--json', 'print one JSON document').action(async (options: { json?: true }) => {
      const { node } = process.versions
      const { platform, arch } = process
      if (options.json) return context.terminal.json({ jzfs: VERSION, node, platform, arch })
      await context.terminal.out(`jzfs ${VERSION}\nnode ${node} (${platform} ${arch})\n`)
    })
  },
}
