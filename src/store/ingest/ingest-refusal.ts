import { ConflictError, InvalidError, type JzfsError, NotFoundError, UnavailableError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { RefusalReason } from './ingest-messages.ts'

/**
 * Why the file at `path` was not taken in: `not-a-regular-file`, `file-changed`, `file-vanished`, `file-unreadable`
 * (details: `path`, and `errno` where the system said no).
 */
export function explainRefusal(reason: RefusalReason, path: string): JzfsError {
  switch (reason) {
    case 'not-regular':
    // No such device, or a socket; a symbolic link; a directory.
    case 'ENXIO':
    case 'ENODEV':
    case 'EOPNOTSUPP':
    case 'ELOOP':
    case 'EISDIR':
      return new InvalidError(
        'not-a-regular-file',
        `neither a file, nor a symbolic link or folder any more: ${quoteName(path)}`,
        {
          hint: 'remove it, or list it in .jzfsignore',
          details: { path },
        },
      )
    case 'changed':
      return new ConflictError('file-changed', `the file changed while it was read, twice: ${quoteName(path)}`, {
        hint: 'wait until nothing writes to it, and run the command again',
        details: { path },
      })
    case 'ENOENT':
    case 'ENOTDIR':
      return new NotFoundError('file-vanished', `the file vanished before it was read: ${quoteName(path)}`, {
        hint: 'run the command again',
        details: { path },
      })
    default: {
      const { problem, hint } = UNREADABLE[reason] ?? { problem: reason, hint: 'check the disk that holds it' }
      return new UnavailableError('file-unreadable', `the file cannot be read (${problem}): ${quoteName(path)}`, {
        hint,
        details: { path, errno: reason },
      })
    }
  }
}

const DENIED = { problem: 'permission denied', hint: 'check who owns the file and its folders, and their permissions' }

const UNREADABLE: Record<string, { problem: string; hint: string }> = {
  EACCES: DENIED,
  EPERM: DENIED,
  EIO: { problem: 'input/output error', hint: 'check the disk, and copy what is valuable' },
  EMFILE: {
    problem: 'too many open files',
    hint: 'close other programs, or raise the limit on open files (ulimit -n)',
  },
  ENFILE: { problem: 'too many open files', hint: 'close other programs: the system has no more open files' },
  ENAMETOOLONG: { problem: 'name too long', hint: 'shorten the path, or work nearer to the root of the disk' },
}
