import type { CommandGroup } from './command.ts'

/** Every command of jzfs, as `jzfs --help` shows them. */
export const COMMAND_GROUPS: CommandGroup[] = [
  {
    heading: 'About jzfs',
    commands: [
      {
        name: 'version',
        summary: 'Show the versions of jzfs and of what it runs on',
        load: async () => (await import('./commands/version.ts')).version,
      },
    ],
  },
]
