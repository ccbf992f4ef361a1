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
      {
        name: 'diff',
        summary: 'Show what differs between commits, index and files',
        load: async () => (await import('./commands/diff.ts')).diff,
      },
      {
        name: 'restore',
        summary: 'Bring back files from the index or a commit',
        load: async () => (await import('./commands/restore.ts')).restore,
      },
      {
        name: 'reset',
        summary: 'Move the branch, the index or everything to a commit',
        load: async () => (await import('./commands/reset.ts')).reset,
      },
      {
        name: 'stash',
        summary: 'Put local changes aside, and bring them back',
        load: async () => (await import('./commands/stash.ts')).stash,
      },
      {
        name: 'undo',
        summary: 'Take the last command back, files included',
        load: async () => (await import('./commands/undo.ts')).undo,
      },
      {
        name: 'redo',
        summary: 'Take the last undo back',
        load: async () => (await import('./commands/redo.ts')).redo,
      },
      {
        name: 'op',
        summary: 'List the commands that changed the repository, and what they changed',
        load: async () => (await import('./commands/op.ts')).op,
      },
      {
        name: 'rm',
        summary: 'Remove files from the index and the working tree',
        load: async () => (await import('./commands/rm.ts')).rm,
      },
      {
        name: 'clean',
        summary: 'Remove what is not tracked, and keep it for undo',
        load: async () => (await import('./commands/clean.ts')).clean,
      },
      {
        name: 'mv',
        summary: 'Move or rename a file, a folder or a symlink',
        load: async () => (await import('./commands/mv.ts')).mv,
      },
      {
        name: 'check-ignore',
        summary: 'Show which ignore rule excludes a path',
        load: async () => (await import('./commands/check-ignore.ts')).checkIgnore,
      },
      {
        name: 'ls-files',
        summary: 'List the files of the index',
        load: async () => (await import('./commands/ls-files.ts')).lsFiles,
      },
    ],
  },
  {
    heading: 'Look at history',
    commands: [
      {
        name: 'log',
        summary: 'Show commits',
        load: async () => (await import('./commands/log.ts')).log,
      },
      {
        name: 'show',
        summary: 'Show a commit, a tag, a folder or a file',
        load: async () => (await import('./commands/show.ts')).show,
      },
      {
        name: 'shortlog',
        summary: 'List commits by who made them',
        load: async () => (await import('./commands/shortlog.ts')).shortlog,
      },
      {
        name: 'blame',
        summary: 'Show who made the lines of a file',
        load: async () => (await import('./commands/blame.ts')).blame,
      },
      {
        name: 'grep',
        summary: 'Look for text in files of the working tree or of revisions',
        load: async () => (await import('./commands/grep.ts')).grep,
      },
      {
        name: 'cat',
        summary: 'Print a file of a revision',
        load: async () => (await import('./commands/cat.ts')).cat,
      },
      {
        name: 'ls',
        summary: 'List a folder of a revision',
        load: async () => (await import('./commands/ls.ts')).ls,
      },
      {
        name: 'du',
        summary: 'Show how much space a revision takes up',
        load: async () => (await import('./commands/du.ts')).du,
      },
      {
        name: 'bisect',
        summary: 'Find the commit that changed something, by halving',
        load: async () => (await import('./commands/bisect.ts')).bisect,
      },
      {
        name: 'describe',
        summary: 'Name a commit by the nearest tag',
        load: async () => (await import('./commands/describe.ts')).describe,
      },
      {
        name: 'archive',
        summary: 'Make a tar or zip archive of a revision',
        load: async () => (await import('./commands/archive.ts')).archive,
      },
      {
        name: 'verify',
        summary: 'Check everything that a revision reaches',
        load: async () => (await import('./commands/verify.ts')).verify,
      },
    ],
  },
  {
    heading: 'Branches and tags',
    commands: [
      {
        name: 'cherry-pick',
        summary: 'Make the changes of commits again',
        load: async () => (await import('./commands/cherry-pick.ts')).cherryPick,
      },
      {
        name: 'revert',
        summary: 'Take the changes of commits back',
        load: async () => (await import('./commands/revert.ts')).revert,
      },
      {
        name: 'rebase',
        summary: 'Put the commits of a branch on top of another',
        load: async () => (await import('./commands/rebase.ts')).rebase,
      },
      {
        name: 'switch',
        summary: 'Go to another branch',
        load: async () => (await import('./commands/switch.ts')).switchCommand,
      },
      {
        name: 'checkout',
        summary: 'Go to another branch, or bring back files (switch and restore)',
        load: async () => (await import('./commands/checkout.ts')).checkout,
      },
      {
        name: 'merge',
        summary: 'Join another branch to this one',
        load: async () => (await import('./commands/merge.ts')).merge,
      },
      {
        name: 'reflog',
        summary: 'Show what branches and HEAD were',
        load: async () => (await import('./commands/reflog.ts')).reflog,
      },
      {
        name: 'branch',
        summary: 'List, make, rename or delete branches',
        load: async () => (await import('./commands/branch.ts')).branch,
      },
      {
        name: 'tag',
        summary: 'List, make or delete tags',
        load: async () => (await import('./commands/tag.ts')).tag,
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
        name: 'fetch',
        summary: 'Bring what is new of a remote',
        load: async () => (await import('./commands/fetch.ts')).fetch,
      },
      {
        name: 'push',
        summary: 'Give commits to a remote, and move its branches',
        load: async () => (await import('./commands/push.ts')).push,
      },
      {
        name: 'ls-remote',
        summary: 'List what a remote has',
        load: async () => (await import('./commands/ls-remote.ts')).lsRemote,
      },
      {
        name: 'bundle',
        summary: 'Put branches and their history into one file',
        load: async () => (await import('./commands/bundle.ts')).bundle,
      },
      {
        name: 'remote',
        summary: 'Name the repositories to fetch from and push to',
        load: async () => (await import('./commands/remote.ts')).remote,
      },
      {
        name: 'pull',
        summary: 'Fetch, and bring the branch up to date with what was fetched',
        load: async () => (await import('./commands/pull.ts')).pull,
      },
      {
        name: 'publish',
        summary: 'Sign branches and the repository, and let peers have them',
        load: async () => (await import('./commands/publish.ts')).publish,
      },
      {
        name: 'unpublish',
        summary: 'Let peers no longer have branches',
        load: async () => (await import('./commands/unpublish.ts')).unpublish,
      },
      {
        name: 'writer',
        summary: 'Let peers push to this repository',
        load: async () => (await import('./commands/writer.ts')).writer,
      },
      {
        name: 'resolve',
        summary: 'Show what an IPNS name stands for',
        load: async () => (await import('./commands/resolve.ts')).resolve,
      },
      {
        name: 'name',
        summary: 'Publish, resolve, inspect and carry the records of IPNS names',
        load: async () => (await import('./commands/name.ts')).name,
      },
      {
        name: 'key',
        summary: 'Make, list, rename, export and import the keys of names',
        load: async () => (await import('./commands/key.ts')).key,
      },
      {
        name: 'pin',
        summary: 'Keep datasets without a working tree',
        load: async () => (await import('./commands/pin.ts')).pin,
      },
    ],
  },
  {
    heading: 'Plumbing',
    commands: [
      {
        name: 'cat-file',
        summary: 'Show a block and what it is',
        load: async () => (await import('./commands/cat-file.ts')).catFile,
      },
      {
        name: 'rev-parse',
        summary: 'Turn a revision into its CID',
        load: async () => (await import('./commands/rev-parse.ts')).revParse,
      },
      {
        name: 'rev-list',
        summary: 'List commits by CID',
        load: async () => (await import('./commands/rev-list.ts')).revList,
      },
      {
        name: 'merge-base',
        summary: 'Find the best common ancestors of commits',
        load: async () => (await import('./commands/merge-base.ts')).mergeBase,
      },
      {
        name: 'ls-tree',
        summary: 'List a directory of a revision by mode, type and CID',
        load: async () => (await import('./commands/ls-tree.ts')).lsTree,
      },
      {
        name: 'for-each-ref',
        summary: 'List refs',
        load: async () => (await import('./commands/for-each-ref.ts')).forEachRef,
      },
      {
        name: 'update-ref',
        summary: 'Change a ref safely',
        load: async () => (await import('./commands/update-ref.ts')).updateRef,
      },
    ],
  },
  {
    heading: 'Keep the repository well',
    commands: [
      {
        name: 'gc',
        summary: 'Remove what nothing refers to',
        load: async () => (await import('./commands/gc.ts')).gc,
      },
      {
        name: 'fsck',
        summary: 'Check the whole repository, and repair it',
        load: async () => (await import('./commands/fsck.ts')).fsck,
      },
    ],
  },
  {
    heading: 'About jzfs',
    commands: [
      {
        name: 'doctor',
        summary: "Say what is wrong with this machine's set-up, and how to mend it",
        load: async () => (await import('./commands/doctor.ts')).doctor,
      },
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
