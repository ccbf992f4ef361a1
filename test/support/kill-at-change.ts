import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

/**
 * For `node --import`: this process ends itself by SIGKILL right before its change of the file system of the number, from 1,
 * that is in `JZFS_KILL_AT`. What the main thread asks of `node:fs` counts; what SQLite and workers do does not, nor fsync:
 * for a kill it changes nothing.
 */
const at = Number(process.env['JZFS_KILL_AT'])

type Call = (this: unknown, ...args: unknown[]) => unknown

const SYNC = ['mkdir', 'rm', 'rmdir', 'unlink', 'rename', 'link', 'symlink', 'open', 'write', 'writev', 'writeFile']
const MORE = ['appendFile', 'chmod', 'copyFile', 'fchmod', 'ftruncate', 'truncate', 'utimes']
const OF_HANDLES = ['write', 'writev', 'writeFile', 'truncate', 'chmod', 'utimes']

let changes = 0

function count(calls: Record<string, Call>, name: string): void {
  const call = calls[name]
  if (call === undefined) return
  const counted = function (this: unknown, ...args: unknown[]): unknown {
    const isRead = name.startsWith('open') && (args[1] === undefined || args[1] === 'r')
    if (!isRead && ++changes === at) process.kill(process.pid, 'SIGKILL')
    return call.apply(this, args)
  }
  // What `promisify` goes by is a property of the function.
  const { length: _length, name: _name, ...properties } = Object.getOwnPropertyDescriptors(call)
  calls[name] = Object.defineProperties(counted, properties)
}

if (isMainThread) {
  const names = [...SYNC, ...MORE]
  for (const name of names) count(fs as unknown as Record<string, Call>, `${name}Sync`)
  for (const name of names) count(fs as unknown as Record<string, Call>, name)
  for (const name of names) count(fs.promises as unknown as Record<string, Call>, name)
  const handle = await fs.promises.open(import.meta.filename, 'r')
  for (const name of OF_HANDLES) count(Object.getPrototypeOf(handle) as Record<string, Call>, name)
  await handle.close()
  syncBuiltinESMExports()
}
