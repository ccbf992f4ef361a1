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
      {
        name: 'share',
        summary: 'Commit a folder and share it from this machine',
        load: async () => (await import('./commands/share.ts')).share,
      },
      {
        name: 'clone',
        summary: 'Copy a dataset from a peer',
        load: async () => (await import('./commands/clone.ts')).clone,
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
    heading: 'Peers',
    commands: [
      {
        name: 'daemon',
        summary: 'Run the peer node of this home',
        load: async () => (await import('./commands/daemon.ts')).daemon,
      },
      {
        name: 'id',
        summary: 'Show who this node is and where it listens',
        load: async () => (await import('./commands/id.ts')).id,
      },
      {
        name: 'peer',
        summary: 'Connect to other nodes and list them',
        load: async () => (await import('./commands/peer.ts')).peer,
      },
      {
        name: 'publish',
        summary: 'Sign a branch under its IPNS name and let peers have it',
        load: async () => (await import('./commands/publish.ts')).publish,
      },
      {
        name: 'unpublish',
        summary: 'Let peers no longer have a branch',
        load: async () => (await import('./commands/unpublish.ts')).unpublish,
      },
      {
        name: 'resolve',
        summary: 'Show what an IPNS name stands for',
        load: async () => (await import('./commands/resolve.ts')).resolve,
      },
      {
        name: 'pin',
        summary: 'Keep datasets without a working tree',
        load: async () => (await import('./commands/pin.ts')).pin,
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
