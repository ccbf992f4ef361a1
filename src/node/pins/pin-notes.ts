import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Home } from '../home/home.ts'

/** What a home notes of a pin, beside the ref that keeps it. */
export interface PinNotes {
  /** What its user calls it. */
  name?: string | undefined
  /** Whether it follows its IPNS name. */
  follows: boolean
  /** Addresses of peers that are asked for it. */
  peers: string[]
  /** When it was last pinned, or moved by what it follows: ISO 8601. */
  updatedAt?: string | undefined
  /** What went wrong since. */
  problem?: PinProblem | undefined
}

/** Why a pin could not be brought up to date. */
export interface PinProblem {
  /** Of the error. */
  code: string
  message: string
  /** When it was seen first: ISO 8601. */
  since: string
}

const SUFFIX = '.json'

/** What is noted of a pin; nothing where nobody noted anything. Throws IntegrityError `pin-notes-corrupt` (details: `path`). */
export function readPinNotes(home: Home, label: string): PinNotes | undefined {
  const path = pathOf(home, label)
  try {
    const notes: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isPinNotes(notes)) return notes
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw explainFsError(error, path)
  }
  throw new IntegrityError('pin-notes-corrupt', `what is noted of a pin cannot be read: ${path}`, {
    hint: 'remove the file, and pin it again: `jzfs pin add`',
    details: { path },
  })
}

/** The labels of the pins of which something is noted, sorted. */
export function listNotedPins(home: Home): string[] {
  try {
    const files = readdirSync(home.layout.pinNotes)
    return files.flatMap((file) => (file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : [])).sort()
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, home.layout.pinNotes)
  }
}

/** The pins of which a problem is noted, by their labels. */
export function listPinProblems(home: Home): { name: string; code: string; message: string }[] {
  return listNotedPins(home).flatMap((name) => {
    const problem = readPinNotes(home, name)?.problem
    return problem === undefined ? [] : [{ name, code: problem.code, message: problem.message }]
  })
}

/**
 * Changes what is noted of a pin, durably and under the home's lock; where `change` gives the same object or undefined, nothing
 * is written.
 */
export async function changePinNotes(
  home: Home,
  label: string,
  command: string,
  change: (before: PinNotes | undefined) => PinNotes | undefined,
): Promise<void> {
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS })
  try {
    const before = readPinNotes(home, label)
    const after = change(before)
    if (after === before || after === undefined) return
    mkdirSync(home.layout.pinNotes, { recursive: true, mode: 0o700 })
    await writeFileDurably(pathOf(home, label), `${JSON.stringify(after, undefined, 2)}\n`, { mode: 0o600 })
  } finally {
    lock.release()
  }
}

/** Forgets what is noted of a pin, durably and under the home's lock. Returns whether anything was. */
export async function removePinNotes(home: Home, label: string, command: string): Promise<boolean> {
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS })
  try {
    if (!existsSync(pathOf(home, label))) return false
    await rm(pathOf(home, label), { force: true })
    await syncDirectory(home.layout.pinNotes)
    return true
  } finally {
    lock.release()
  }
}

/** Publishing a large dataset holds the home's lock for a while. */
const LOCK_WAIT_MS = 60_000

function pathOf(home: Home, label: string): string {
  return join(home.layout.pinNotes, `${label}${SUFFIX}`)
}

function isPinNotes(value: unknown): value is PinNotes {
  if (typeof value !== 'object' || value === null) return false
  const { name, follows, peers, updatedAt, problem } = value as Record<string, unknown>
  const arePeers = Array.isArray(peers) && peers.every((peer) => typeof peer === 'string')
  return (
    typeof follows === 'boolean' && arePeers && isOptionalText(name) && isOptionalText(updatedAt) && isProblem(problem)
  )
}

function isProblem(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null) return false
  const { code, message, since } = value as Record<string, unknown>
  return [code, message, since].every((text) => typeof text === 'string')
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
