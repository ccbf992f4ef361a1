import type { CommandGroup } from './command.ts'

/** Every command of jzfs, as `jzfs --help` shows them. */
export const COMMAND_GROUPS: CommandGroup[] = [
  {
    heading: 'Start a dataset',
    commands: [
      {
        name: 'init',
        summary: 'Make a folder a repository',
        load: async () => (await import('./commands/init.ts')).init,
      },
    ],
  },
  {
    heading: 'Work on files',
    commands: [
      {
        name: 'add',
        summary: 'Stage files for the next commit',
        load: async () => (await import('./commands/add.ts')).add,
      },
      {
        name: 'status',
        summary: 'Show what changed',
        load: async () => (await import('./commands/status.ts')).status,
      },
      {
        name: 'commit',
        summary: 'Record what is staged',
        load: async () => (await import('./commands/commit.ts')).commit,
      },
    ],
  },
  {
    heading: 'About jzfs',
    commands: [
      {
        name: 'config',
        summary: 'Read and write configuration',
        load: async () => (await import('./commands/config.ts')).config,
      },
      {
        name: 'version',
        summary: 'Show the versions of jzfs and of what it runs on',
        load: async () => (await import('./commands/version.ts')).version,
      },
      {
        name: 'completion',
        summary: 'Print a completion script for a shell',
        load: async () => (await import('./commands/completion.ts')).completion,
      },
    ],
  },
]
