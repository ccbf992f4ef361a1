import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { RefUpdate } from '../../sync/protocol/offer.ts'
import type { Home } from '../home/home.ts'
import type { Audience } from '../home/repository-registry.ts'

/** What a push does to a published repository: noted before its refs move, until all of it is published. */
export interface PushNote {
  /** The number of the operation that moves them, which is that of the note too. */
  operation: number
  /** Who pushes, and when: as the operation says. */
  person: Person
  updates: readonly RefUpdate[]
  /** Whom refs are for that are new. */
  audience: Audience
}

/**
 * Notes a push, durably. The caller holds the repository's lock, and runs the operation of that number next. The home's lock is
 * not needed: each note is a file of its own, and publications, which may take long under that lock, hold up no push.
 */
export async function writePushNote(home: Home, repositoryId: string, note: PushNote): Promise<void> {
  const { person, audience } = note
  const updates = note.updates.map(({ name, before, after }) => ({ name, before: text(before), after: text(after) }))
  try {
    mkdirSync(home.layout.pushes, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw explainFsError(error, home.layout.pushes)
  }
  const path = pathOf(home, repositoryId, note.operation)
  await writeFileDurably(path, `${JSON.stringify({ person, updates, audience })}\n`, { mode: 0o600 })
}

/** The numbers of the notes of a repository, in the order of its operations. */
export function listPushNotes(home: Home, repositoryId: string): number[] {
  const prefix = prefixOf(repositoryId)
  const rest = namesIn(home.layout.pushes).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []))
  const numbers = rest.flatMap((each) => /^(\d+)\.json$/.exec(each)?.[1] ?? [])
  return numbers.map(Number).sort((a, b) => a - b)
}

/** A note; undefined where it is not there any more. Throws IntegrityError `push-note-corrupt` (details: `path`). */
export function readPushNote(home: Home, repositoryId: string, operation: number): PushNote | undefined {
  const path = pathOf(home, repositoryId, operation)
  try {
    return { operation, ...parseNote(readFileSync(path, 'utf8')) }
  } catch (cause) {
    if (fsErrorCode(cause) === 'ENOENT') return undefined
    if (fsErrorCode(cause) !== undefined) throw explainFsError(cause, path)
    throw new IntegrityError('push-note-corrupt', `what is noted of a push cannot be read: ${path}`, {
      hint: 'remove the file, and publish what was pushed: `jzfs publish`',
      cause,
      details: { path },
    })
  }
}

/** Removes a note, durably: what is taken back later does not come back with it. */
export async function removePushNote(home: Home, repositoryId: string, operation: number): Promise<void> {
  await rm(pathOf(home, repositoryId, operation), { force: true })
  await syncDirectory(home.layout.pushes)
}

/** Takes refs, or all of them, out of the notes of a repository: whatever pushes did to them is not published any more. */
export async function forgetPushed(home: Home, repositoryId: string, refs: readonly string[] | 'all'): Promise<void> {
  for (const operation of listPushNotes(home, repositoryId)) {
    const note = refs === 'all' ? undefined : readPushNote(home, repositoryId, operation)
    const updates = (note?.updates ?? []).filter(({ name }) => !refs.includes(name))
    if (note === undefined || updates.length === 0) await removePushNote(home, repositoryId, operation)
    else if (updates.length < note.updates.length) await writePushNote(home, repositoryId, { ...note, updates })
  }
}

function prefixOf(repositoryId: string): string {
  return `${encodeURIComponent(repositoryId)}.`
}

function pathOf(home: Home, repositoryId: string, operation: number): string {
  return join(home.layout.pushes, `${prefixOf(repositoryId)}${operation}.json`)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, folder)
  }
}

interface NoteDocument {
  person: Person
  updates: { name: string; before: string | null; after: string | null }[]
  audience: Audience
}

function parseNote(json: string): Omit<PushNote, 'operation'> {
  const { person, updates, audience } = JSON.parse(json) as NoteDocument
  const isForSome = typeof audience === 'object' && Array.isArray(audience.peers)
  if (typeof person.name !== 'string' || (audience !== 'public' && !isForSome))
    throw new TypeError('a field is missing')
  return {
    person,
    updates: updates.map(({ name, before, after }) => ({ name, before: cidOf(before), after: cidOf(after) })),
    audience,
  }
}

function text(cid: CID | undefined): string | null {
  return cid?.toString() ?? null
}

function cidOf(value: string | null): CID | undefined {
  return value === null ? undefined : CID.parse(value)
}
