import type { CONFIG_PATTERNS, Filled, PatternedName } from './config-patterns.ts'
import { DEFAULT_BOOTSTRAP } from './default-bootstrap.ts'

/** What a value may be, and how it is written: `size` is bytes, written `1GiB` or as a number; `list` is several texts. */
export type ConfigType = 'string' | 'integer' | 'boolean' | 'size' | 'list' | readonly string[]

/** One line of the table of all configuration. */
export interface ConfigKey {
  type: ConfigType
  default?: string | number | boolean | readonly string[]
  /** What it does, in one line without a period. */
  doc: string
  /** Of an integer or a size: the least and the greatest that it may be (default: 0, and what is exact). */
  min?: number
  max?: number
  /** Written by init; `config` refuses to change it. */
  fixed?: true
  /** What is wrong with a text, as the end of a sentence, beyond its type; undefined for a good one. */
  problem?: (value: string) => string | undefined
}

/**
 * Every key of configuration but those of single remotes and branches (`CONFIG_PATTERNS`). To add one, add a line: reading,
 * validation and `config --list` follow.
 */
export const CONFIG_KEYS = {
  'add.workers': { type: 'integer', doc: 'threads that read and hash files; by default as many as help here' },
  'branch.autoSetupMerge': {
    type: ['true', 'false', 'always', 'simple'],
    default: 'true',
    doc: 'whether a new branch follows the one that it starts from: of a remote, any, or of the same name',
  },
  'checkout.defaultRemote': {
    type: 'string',
    doc: 'the remote whose branch `switch NAME` follows where several remotes have it',
  },
  'checkout.guess': {
    type: 'boolean',
    default: true,
    doc: 'whether `switch NAME` makes a branch that only a remote has',
  },
  'clean.requireForce': {
    type: 'boolean',
    default: true,
    doc: 'whether `clean` wants -f (or -n) before it removes files',
  },
  'color.ui': { type: ['auto', 'always', 'never'], default: 'auto', doc: 'when output is coloured' },
  'core.bare': { type: 'boolean', default: false, doc: 'whether the repository has no working tree', fixed: true },
  'core.caseSensitive': { type: 'boolean', default: true, doc: 'whether the file system tells `a` from `A`' },
  'core.executableBit': { type: 'boolean', default: true, doc: 'whether the file system keeps the executable bit' },
  'core.format': { type: 'integer', doc: "version of the repository's format on disk", fixed: true },
  'core.id': { type: 'string', doc: 'stable random id of the repository', fixed: true },
  'core.normalizationSensitive': {
    type: 'boolean',
    default: true,
    doc: 'whether the file system tells names apart that differ in Unicode normalisation only',
  },
  'core.symlinks': { type: 'boolean', default: true, doc: 'whether the file system has symbolic links' },
  'fetch.prune': {
    type: 'boolean',
    default: false,
    doc: 'whether `fetch` removes what a remote has no longer',
  },
  'follow.intervalMs': {
    type: 'integer',
    default: 60_000,
    min: 1000,
    max: 86_400_000,
    doc: 'how often the daemon asks for the names that pins follow, in milliseconds',
  },
  'gc.pruneExpire': {
    type: 'string',
    default: '2.weeks.ago',
    doc: 'how long `gc` keeps blocks that nothing refers to: a time ago, a date, `now` or `never`',
  },
  'gc.reflogExpire': {
    type: 'string',
    default: '90.days.ago',
    doc: 'how long `gc` keeps entries of reflogs and of the operation log',
  },
  'gc.reflogExpireUnreachable': {
    type: 'string',
    default: '30.days.ago',
    doc: 'the same for entries whose commits no ref reaches',
  },
  'http.hosts': {
    type: 'list',
    doc: 'hosts of the URLs by which a proxy gives the HTTP listener to others, with a port where it is not the usual one',
  },
  'http.metrics': {
    type: ['loopback', 'all', 'off'],
    default: 'loopback',
    doc: 'to whom the HTTP listener tells `/metrics`: who asks from this machine, and no proxy, or whoever reaches it',
  },
  'http.port': {
    type: 'integer',
    max: 65_535,
    doc: 'the TCP port on which the daemon listens for HTTP, 0 for any; by default it does not',
  },
  'init.defaultBranch': {
    type: 'string',
    default: 'main',
    doc: 'name of the branch that a new repository starts with',
  },
  'lock.waitMs': {
    type: 'integer',
    default: 1000,
    doc: 'how long to wait for another command to end, in milliseconds',
  },
  'log.format': {
    type: ['auto', 'json', 'pretty'],
    default: 'auto',
    doc: "how the daemon's log is also shown on standard error: auto is pretty on a terminal, and not at all elsewhere",
  },
  'log.level': {
    type: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    doc: 'the least important entries that the daemon logs',
  },
  'log.maxFiles': {
    type: 'integer',
    default: 5,
    min: 1,
    max: 100,
    doc: "files of the daemon's log that are kept, the present one among them",
  },
  'log.maxSize': {
    type: 'size',
    default: 10_485_760,
    min: 65_536,
    max: 1_073_741_824,
    doc: "bytes of a file of the daemon's log before the next one is begun",
  },
  'merge.conflictStyle': {
    type: ['merge', 'diff3', 'zdiff3'],
    default: 'merge',
    doc: 'how conflicts are marked in texts: both sides, or with what they began from',
  },
  'merge.ff': {
    type: ['true', 'false', 'only'],
    default: 'true',
    doc: 'whether `merge` only moves the branch where it can, never does, or refuses where it cannot',
  },
  'network.idleTimeoutMs': {
    type: 'integer',
    default: 60_000,
    min: 100,
    max: 86_400_000,
    doc: 'how long a peer may send nothing before it is given up, in milliseconds',
  },
  'network.maxBytesPerSecond': {
    type: 'size',
    default: 0,
    doc: 'bytes per second that transfers carry, each way, in all; 0 for as many as there are',
    problem: (value) => rateProblem(value),
  },
  'network.maxBytesPerSecondPerPeer': {
    type: 'size',
    default: 0,
    doc: 'bytes per second that transfers with one peer carry, each way; 0 for as many as there are',
    problem: (value) => rateProblem(value),
  },
  'network.bootstrap': {
    type: 'list',
    default: DEFAULT_BOOTSTRAP,
    doc: 'nodes by which the daemon finds into the DHT (profile public); by default those that IPFS runs for that',
    problem: (value) => (/^\/.+\/p2p\/\w+$/.test(value) ? undefined : 'is no address: write /ip4/…/tcp/PORT/p2p/PEER'),
  },
  'network.maxConnections': {
    type: 'integer',
    default: 256,
    min: 1,
    max: 65_535,
    doc: 'connections that the daemon has at most',
  },
  'network.maxConnectionsPerHost': {
    type: 'integer',
    default: 128,
    min: 1,
    max: 65_535,
    doc: 'connections that one IP address may open; a quarter of them may be still unsecured',
  },
  'network.maxConnectionsPerPeer': {
    type: 'integer',
    default: 32,
    min: 1,
    max: 65_535,
    doc: 'connections that one peer may open',
  },
  'network.maxExchangeMs': {
    type: 'integer',
    default: 86_400_000,
    min: 1000,
    max: 2_147_483_647,
    doc: 'how long one transfer to or from a peer may take, in milliseconds',
  },
  'network.maxPushBytes': {
    type: 'size',
    default: 107_374_182_400,
    doc: 'how many bytes one push to the repositories of this node may bring',
  },
  'network.maxSyncStreams': {
    type: 'integer',
    default: 256,
    min: 1,
    max: 65_535,
    doc: 'transfers that the daemon serves at a time',
  },
  'network.maxSyncStreamsPerHost': {
    type: 'integer',
    default: 128,
    min: 1,
    max: 65_535,
    doc: 'transfers that the daemon serves to one IP address at a time; raise it where a proxy asks for all',
  },
  'network.maxSyncStreamsPerPeer': {
    type: 'integer',
    default: 64,
    min: 1,
    max: 65_535,
    doc: 'transfers that the daemon serves to one peer at a time',
  },
  'network.port': {
    type: 'integer',
    max: 65_535,
    doc: 'the TCP port that the daemon listens on, 0 for any; by default that of the last time',
  },
  'network.profile': {
    type: ['loopback', 'lan', 'public'],
    default: 'loopback',
    doc: 'how far the node reaches: this machine, the local network (mDNS), or the Internet (DHT)',
  },
  pager: { type: 'string', doc: 'command that long output is shown with; empty for none' },
  'pull.ff': {
    type: ['true', 'false', 'only'],
    doc: 'as merge.ff, for `pull` alone',
  },
  'pull.rebase': { type: 'boolean', doc: 'whether `pull` rebases instead of merging' },
  'push.autoSetupRemote': {
    type: 'boolean',
    default: false,
    doc: 'whether `push` makes a branch without one follow what it was pushed to',
  },
  'push.default': {
    type: ['nothing', 'current', 'upstream', 'simple', 'matching'],
    default: 'simple',
    doc: 'what `push` pushes where nothing is named',
  },
  'routing.urls': {
    type: 'list',
    doc: 'delegated routers (https://HOST) that are asked for names, and given the records of our own',
    problem: (value) =>
      /^https?:\/\/[^/?#]/.test(value) ? undefined : 'is no address of a router: write https://HOST',
  },
  'status.aheadBehind': {
    type: 'boolean',
    default: true,
    doc: 'whether `status` counts how far the branch and its upstream are apart',
  },
  'undo.maxSize': {
    type: 'size',
    default: 1_073_741_824,
    doc: 'how many bytes a command may discard from the working tree and still keep for undo',
  },
  'user.email': { type: 'string', doc: 'email address of the author of commits' },
  'user.name': { type: 'string', doc: 'name of the author of commits' },
} as const satisfies Record<string, ConfigKey>

/** A block that takes longer than a minute looks like a peer that stopped. */
function rateProblem(value: string): string | undefined {
  return value === '0' || Number(value) >= 65_536 ? undefined : 'is too little: 0, or 64KiB and more'
}

/** The name of a key. */
export type ConfigName = keyof typeof CONFIG_KEYS | PatternedName

/** The JavaScript type of a key's value: `number` for `integer` and `size`; never undefined where there is a default. */
export type ConfigValue<Name extends ConfigName> =
  | TypedValue<LineOf<Name>['type']>
  | (LineOf<Name> extends { default: unknown } ? never : undefined)

type LineOf<Name extends ConfigName> = Name extends keyof typeof CONFIG_KEYS
  ? (typeof CONFIG_KEYS)[Name]
  : {
      [P in keyof typeof CONFIG_PATTERNS]: Name extends Filled<P> ? (typeof CONFIG_PATTERNS)[P] : never
    }[keyof typeof CONFIG_PATTERNS]

type TypedValue<Type> = Type extends 'string'
  ? string
  : Type extends 'integer' | 'size'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'list'
        ? readonly string[]
        : Type extends readonly (infer Choice)[]
          ? Choice
          : never
