import type { JzfsError } from '../model/errors.ts'

/** The exit statuses of jzfs: git's, and two of its own. */
export const EXIT = {
  ok: 0,
  /** A conflict, a difference under `--exit-code`, or a part that was left out under `--ignore-errors`. */
  partial: 1,
  /** Something is not what its CID, its format or its signature says. */
  integrity: 3,
  /** A name would go back, or has two values at one sequence. */
  rollback: 4,
  fatal: 128,
  usage: 129,
  interrupted: 130,
} as const

const BY_CODE: Readonly<Record<string, number>> = {
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
  'record-older-than-seen': EXIT.rollback,
  'record-fork': EXIT.rollback,
  'record-set-aside': EXIT.rollback,
  'own-name-ahead': EXIT.rollback,
}

/** The exit status of an error: by its code where that has one of its own, else by its family. */
export function exitStatus(error: JzfsError): number {
  return BY_CODE[error.code] ?? (error.family === 'integrity' ? EXIT.integrity : EXIT.fatal)
}
