import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Home } from '../home/home.ts'

/** A name that this home publishes by itself, with no branch behind it: the daemon gives its record and signs it again. */
export interface OwnName {
  /** The IPNS name: `k51…`. */
  name: string
  /** The name of its key in the home. */
  key: string
  lifetimeMs: number
  ttlMs: number
}

const SUFFIX = '.own'

/** The names that a home publishes by themselves, sorted. Throws IntegrityError `own-name-corrupt` (details: `path`). */
export function listOwnNames(home: Home): OwnName[] {
  return readdirSync(home.layout.names)
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .flatMap((file) => readOwnName(home, file.slice(0, -SUFFIX.length)) ?? [])
}

/** One of them; undefined where the home does not publish that name so. Throws IntegrityError `own-name-corrupt`. */
export function readOwnName(home: Home, name: string): OwnName | undefined {
  const path = pathOf(home, name)
  try {
    const { key, lifetimeMs, ttlMs } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    if (typeof key === 'string' && isTime(lifetimeMs) && isTime(ttlMs)) return { name, key, lifetimeMs, ttlMs }
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw explainFsError(error, path)
  }
  throw new IntegrityError('own-name-corrupt', `how a name is published cannot be read: ${path}`, {
    hint: 'remove the file, and publish the name again: `jzfs name publish`',
    details: { path },
  })
}

/** Keeps how a name is published, durably. The caller holds the home's lock. */
export async function writeOwnName(home: Home, { name, ...published }: OwnName): Promise<void> {
  await writeFileDurably(pathOf(home, name), `${JSON.stringify(published, undefined, 2)}\n`, { mode: 0o600 })
}

/** Forgets it: the record is given no more, and ends with its life. The caller holds the home's lock. */
export async function removeOwnName(home: Home, name: string): Promise<void> {
  await rm(pathOf(home, name), { force: true })
  await syncDirectory(home.layout.names)
}

function pathOf(home: Home, name: string): string {
  return join(home.layout.names, `${name}${SUFFIX}`)
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
