import { ConflictError, InvalidError, type JzfsError, NotFoundError, UnavailableError } from '../model/errors.ts'
import { quoteName } from '../model/quote-name.ts'

type Explanation = (path: string, cause: unknown) => JzfsError

/**
 * What a failed system call on `path` means to a user: `throw explainFsError(error, path)`.
 *
 * Errors of the file system become a JzfsError that names the path and the remedy (codes: `disk-full`, `quota-exceeded`,
 * `permission-denied`, `read-only-file-system`, `too-many-open-files`, `disk-failing`, `path-missing`, `path-exists`,
 * `not-a-directory`, `is-a-directory`, `name-too-long`, `too-many-symlinks`; details: `path`). Anything else, a
 * JzfsError among it, comes back as it is.
 */
export function explainFsError(error: unknown, path: string): unknown {
  const code = fsErrorCode(error)
  const explanation = code === undefined ? undefined : EXPLANATIONS[code]
  return explanation === undefined ? error : explanation(path, error)
}

/** The code of a system error (`ENOENT` …), or undefined for any other value. */
export function fsErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

const unavailable =
  (code: string, what: string, hint: string): Explanation =>
  (path, cause) =>
    new UnavailableError(code, `${what}: ${quoteName(path)}`, { hint, cause, details: { path } })

const denied = unavailable(
  'permission-denied',
  'permission denied',
  'check who owns the path and its folders, and their permissions',
)

const tooManyFiles = unavailable(
  'too-many-open-files',
  'too many open files',
  'close other programs, or raise the limit (ulimit -n)',
)

const EXPLANATIONS: Record<string, Explanation> = {
  ENOSPC: unavailable(
    'disk-full',
    'no space left on the disk',
    'free some space on that disk and run the command again',
  ),
  EDQUOT: unavailable('quota-exceeded', 'disk quota exceeded', 'free some space or ask for a larger quota'),
  EACCES: denied,
  EPERM: denied,
  EROFS: unavailable('read-only-file-system', 'the file system is read-only', 'mount it writable, or work on a copy'),
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EIO: unavailable(
    'disk-failing',
    'the disk reports an input/output error',
    'check the disk, and copy what is valuable',
  ),
  ENOENT: (path, cause) =>
    new NotFoundError('path-missing', `no such file or folder: ${quoteName(path)}`, {
      hint: 'check the path: it may be misspelt, moved or deleted',
      cause,
      details: { path },
    }),
  EEXIST: (path, cause) =>
    new ConflictError('path-exists', `there is something already: ${quoteName(path)}`, {
      hint: 'move it away, or choose another path',
      cause,
      details: { path },
    }),
  ENOTDIR: (path, cause) =>
    new InvalidError('not-a-directory', `a part of the path is not a folder: ${quoteName(path)}`, {
      hint: 'check the path: a file stands where a folder must be',
      cause,
      details: { path },
    }),
  EISDIR: (path, cause) =>
    new InvalidError('is-a-directory', `this is a folder: ${quoteName(path)}`, {
      hint: 'name a file',
      cause,
      details: { path },
    }),
  ENAMETOOLONG: (path, cause) =>
    new InvalidError('name-too-long', `the name is too long for this file system: ${quoteName(path)}`, {
      hint: 'shorten the name, or work nearer to the root of the disk',
      cause,
      details: { path },
    }),
  ELOOP: (path, cause) =>
    new InvalidError('too-many-symlinks', `symbolic links lead in circles: ${quoteName(path)}`, {
      hint: 'remove one of the links',
      cause,
      details: { path },
    }),
}
