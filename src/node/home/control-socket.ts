import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

import { InvalidError, UnavailableError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { Home } from './home.ts'

/** The longest path of a socket, in bytes: 104 with its end on macOS, 108 on Linux. */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * Where the daemon of a home puts its socket: in the home, or, where that path is too long, in the runtime directory,
 * which is made (0700) and must be this user's alone.
 *
 * Throws InvalidError `socket-path-too-long`, UnavailableError `runtime-directory-unsafe`.
 */
export function placeControlSocket(home: Home): string {
  if (isShortEnough(home.layout.socket)) return home.layout.socket
  const name = createHash('sha256').update(home.layout.directory).digest('hex').slice(0, 16)
  const path = join(home.runtimeDirectory, `${name}.sock`)
  if (!isShortEnough(path)) {
    throw new InvalidError('socket-path-too-long', `the path is too long for a socket: ${path}`, {
      hint: 'put the node home, or the runtime directory, nearer to the root of the disk',
      details: { path },
    })
  }
  makePrivate(home.runtimeDirectory)
  return path
}

function isShortEnough(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES
}

/** Anybody may make a folder in the system's folder for temporary files before us: then we do not use it. */
function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return
  } catch (error) {
    throw explainFsError(error, folder)
  }
  throw new UnavailableError('runtime-directory-unsafe', `others can write to the folder for sockets: ${folder}`, {
    hint: 'remove it, or name another runtime directory',
    details: { path: folder },
  })
}
