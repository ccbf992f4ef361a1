/** What a value may be, and how it is written: `size` is bytes, written `1GiB` or as a number. */
export type ConfigType = 'string' | 'integer' | 'boolean' | 'size' | readonly string[]

/** One line of the table of all configuration. */
export interface ConfigKey {
  type: ConfigType
  default?: string | number | boolean
  /** What it does, in one line without a period. */
  doc: string
  /** Written by init; `config` refuses to change it. */
  fixed?: true
}

/**
 * Every key of configuration. To add one, add a line: reading, validation and `config --list` follow.
 */
export const CONFIG_KEYS = {
  'add.workers': { type: 'integer', doc: 'threads that read and hash files; by default as many as help here' },
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
    doc: 'how long a peer may send nothing before it is given up, in milliseconds',
  },
  'network.profile': {
    type: ['loopback', 'lan', 'public'],
    default: 'loopback',
    doc: 'how far the node reaches: this machine, the local network, or the Internet',
  },
  pager: { type: 'string', doc: 'command that long output is shown with; empty for none' },
  'undo.maxSize': {
    type: 'size',
    default: 1_073_741_824,
    doc: 'how many bytes a command may discard from the working tree and still keep for undo',
  },
  'user.email': { type: 'string', doc: 'email address of the author of commits' },
  'user.name': { type: 'string', doc: 'name of the author of commits' },
} as const satisfies Record<string, ConfigKey>

/** The name of a key. */
export type ConfigName = keyof typeof CONFIG_KEYS

/** The JavaScript type of a key's value: `number` for `integer` and `size`; never undefined where there is a default. */
export type ConfigValue<Name extends ConfigName> =
  | TypedValue<(typeof CONFIG_KEYS)[Name]['type']>
  | ((typeof CONFIG_KEYS)[Name] extends { default: unknown } ? never : undefined)

type TypedValue<Type> = Type extends 'string'
  ? string
  : Type extends 'integer' | 'size'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends readonly (infer Choice)[]
        ? Choice
        : never
