import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { fsErrorCode } from '../fs-errors.ts'

/** Who holds a lock: for messages only, the lock itself is the kernel's. */
export interface LockHolder {
  pid: number
  command: string
}

let notesWritten = 0

/** Writes down beside the lock file at `path` who holds it; the function that it returns takes the note away. */
export function noteHolder(path: string, holder: LockHolder): () => void {
  const note = `${path}.${holder.pid}-${++notesWritten}.holder`
  try {
    writeFileSync(note, JSON.stringify(holder))
  } catch (error) {
    // Without a note (a full disk, say) the lock holds all the same.
    if (fsErrorCode(error) === undefined) throw error
  }
  return () => {
    rmSync(note, { force: true })
  }
}

/** Those who noted that they hold the lock file at `path` and are alive. */
export function lockHolders(path: string): LockHolder[] {
  return notes(path).flatMap((note) => {
    const holder = readNote(note)
    return holder !== undefined && isAlive(holder.pid) ? [holder] : []
  })
}

/** Removes all notes at the lock file at `path`. */
export function removeNotes(path: string): void {
  for (const note of notes(path)) rmSync(note, { force: true })
}

function notes(path: string): string[] {
  const prefix = `${basename(path)}.`
  const folder = dirname(path)
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.holder'))
    .map((name) => join(folder, name))
}

function readNote(note: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(note, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('command' in value)) return undefined
    const { pid, command } = value
    return typeof pid === 'number' && typeof command === 'string' ? { pid, command } : undefined
  } catch {
    // Released in the meantime, or not written to its end yet.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return fsErrorCode(error) === 'EPERM'
  }
}
