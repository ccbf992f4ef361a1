import type { JzfsError } from '../model/errors.ts'

/** The exit statuses of jzfs: git's, and two of its own. */
export const EXIT = {
  ok: 0,
  /** A conflict, a difference under `--exit-code`, or a part that was left out under `--ignore-errors`. */
  partial: 1,
  /** A remote that is to be read or configured is not there. */
  remoteMissing: 2,
  /** Something is not what its CID, its format or its signature says. */
  integrity: 3,
  /** Git's status for a name that another remote has. */
  remoteExists: 3,
  /** A name would go back, or has two values at one sequence. */
  rollback: 4,
  /** A configuration key that is to be unset is not set. */
  notSet: 5,
  fatal: 128,
  usage: 129,
  interrupted: 130,
} as const

/** By code; where git's status depends on the command, by code and command. */
const BY_CODE: Readonly<Record<string, number | Readonly<Record<string, number>>>> = {
  usage: EXIT.usage,
  interrupted: EXIT.interrupted,
  'nothing-to-commit': EXIT.partial,
  'would-overwrite': EXIT.partial,
  'local-changes': EXIT.partial,
  'bisect-not-ancestors': EXIT.partial,
  'bisect-both': EXIT.partial,
  'staged-changes': EXIT.partial,
  'replay-empty': EXIT.partial,
  'upstream-needed': EXIT.partial,
  'stash-missing': EXIT.partial,
  'stash-index-conflicts': EXIT.partial,
  'nothing-to-stash-on': EXIT.partial,
  'push-rejected': EXIT.partial,
  'push-source-ambiguous': EXIT.partial,
  'push-source-missing': EXIT.partial,
  'push-target-missing': EXIT.partial,
  'push-target-needed': EXIT.partial,
  'push-target-twice': EXIT.partial,
  'bundle-prerequisites-missing': EXIT.partial,
  'not-bisecting': EXIT.partial,
  'config-not-set': EXIT.notSet,
  'config-key-unknown': { config: EXIT.partial },
  'revision-not-found': { merge: EXIT.partial },
  'pathspec-unmatched': {
    restore: EXIT.partial,
    checkout: EXIT.partial,
    stash: EXIT.partial,
    'stash push': EXIT.partial,
  },
  'path-missing': { 'bundle verify': EXIT.partial },
  'ref-missing': { 'remote set-head': EXIT.partial },
  'remote-exists': EXIT.remoteExists,
  'remote-missing': {
    'remote get-url': EXIT.remoteMissing,
    'remote set-url': EXIT.remoteMissing,
    'remote rename': EXIT.remoteMissing,
    'remote rm': EXIT.remoteMissing,
    'remote remove': EXIT.remoteMissing,
  },
  'record-older-than-seen': EXIT.rollback,
  'record-fork': EXIT.rollback,
  'record-set-aside': EXIT.rollback,
  'own-name-ahead': EXIT.rollback,
}

/**
 * The exit status of an error: by its code (and the command, as `remote rm`) where that has one of its own, else by its
 * family.
 */
export function exitStatus(error: JzfsError, command = ''): number {
  const byCode = BY_CODE[error.code]
  const own = typeof byCode === 'object' ? byCode[command] : byCode
  return own ?? (error.family === 'integrity' ? EXIT.integrity : EXIT.fatal)
}
