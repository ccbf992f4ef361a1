import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'

import { counted } from '../../model/counted.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { tryLock } from '../../store/lock/lock.ts'
import type { Home } from '../home/home.ts'
import { type DoctorFinding, failure, findingOf, sound, warning } from './finding.ts'

/** Bits of a mode by which others than the owner may read or write. */
const OTHERS = 0o077

/** Looks at a home's own files: who may read them, its keys, and whether locks hold on its file system. */
export async function checkHome(home: Home): Promise<DoctorFinding[]> {
  return [...checkFolder(home.layout.directory), ...checkKeys(home), await checkLock(home)]
}

function checkFolder(directory: string): DoctorFinding[] {
  try {
    const { mode, uid } = statSync(directory)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    const found: DoctorFinding[] = []
    if (uid !== userInfo().uid) {
      found.push(
        warning('home-of-another', `the home belongs to user ${uid}`, `give it back: chown -R $(id -u) ${directory}`),
      )
    }
    if ((mode & OTHERS) !== 0) {
      found.push(
        warning(
          'home-readable-by-others',
          `others have access to the home (mode ${octal(mode)})`,
          `chmod 700 ${directory}`,
        ),
      )
    }
    return found.length > 0 ? found : [sound('home', directory)]
  } catch (error) {
    return [findingOf(explainFsError(error, directory))]
  }
}

function checkKeys({ keys, layout }: Home): DoctorFinding[] {
  const found: DoctorFinding[] = []
  let count = 0
  try {
    for (const file of readdirSync(layout.keys)) {
      const path = join(layout.keys, file)
      const { mode } = statSync(path)
      if ((mode & OTHERS) === 0) continue
      const told = `others have access to a private key: ${path} (mode ${octal(mode)})`
      found.push(failure('key-readable-by-others', told, `chmod 600 ${path}; and if others were there, make a new key`))
    }
    for (const name of keys.list()) {
      try {
        if (keys.read(name) !== undefined) count++
      } catch (error) {
        found.push(findingOf(error))
      }
    }
  } catch (error) {
    return [...found, findingOf(explainFsError(error, layout.keys))]
  }
  return found.length > 0 ? found : [sound('keys', counted(count, 'key'))]
}

/** Some network file systems take every lock and hold none. */
async function checkLock({ layout }: Home): Promise<DoctorFinding> {
  const path = join(layout.directory, `doctor-${process.pid}.db`)
  try {
    using first = tryLock(path, 'jzfs doctor')
    using second = first === undefined ? undefined : tryLock(path, 'jzfs doctor')
    if (first !== undefined && second === undefined) return sound('lock', 'locks hold')
    return failure(
      'lock-without-effect',
      `locks do not hold on the file system of ${layout.directory}`,
      'put the node home ($JZFS_HOME) on a local disk',
    )
  } catch (error) {
    return findingOf(error)
  } finally {
    await removeLockFiles(path)
  }
}

async function removeLockFiles(path: string): Promise<void> {
  for (const suffix of ['', '-journal']) {
    await rm(`${path}${suffix}`, { force: true }).catch((error: unknown) => {
      if (fsErrorCode(error) === undefined) throw error
    })
  }
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8)
}
