import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { type IpnsRecord, RECORD_LIFETIME_MS, RECORD_TTL_MS } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { keyMissing, SELF_KEY } from '../home/key-store.ts'
import { usesOfKeys } from './home-keys.ts'
import { readOwnName, removeOwnName, writeOwnName } from './own-names.ts'

/** What a key's name shall mean. */
export interface PublishNameRequest extends AbortOptions {
  /** The name of the key in the home; the node's own is made where it is not there yet. */
  key: string
  cid: CID
  /** Default: as before; at first RECORD_LIFETIME_MS and RECORD_TTL_MS. */
  lifetimeMs?: number | undefined
  ttlMs?: number | undefined
  /** The sequence it shall have: one that is higher than all that was seen. */
  sequence?: bigint | undefined
  /** The command line, for those who wait for the home's lock. */
  command: string
  now: Date
}

/** Others may be walking a large dataset. */
const LOCK_WAIT_MS = 60_000

/**
 * Signs a record for the name of a key, which the daemon gives from now on, and signs again before its life ends. Nothing of
 * what it names is served by that.
 *
 * Throws NotFoundError `key-missing`, ConflictError `key-publishes-branch` (details: `key`, `uses`) for the key of a published
 * branch or repository, what `KnownNames.publish` throws, and ConflictError `locked`.
 */
export async function publishName(home: Home, request: PublishNameRequest): Promise<IpnsRecord> {
  const { key: keyName, cid, sequence, command, now, signal } = request
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    const key = keyName === SELF_KEY ? await home.keys.readOrCreate(SELF_KEY) : home.keys.read(keyName)
    if (key === undefined) throw keyMissing(keyName)
    const uses = (usesOfKeys(home).get(keyName) ?? []).filter(({ isBranch }) => isBranch)
    if (uses.length > 0)
      throw publishesBranch(
        keyName,
        uses.map(({ what }) => what),
      )
    const before = readOwnName(home, key.name)
    const lifetimeMs = request.lifetimeMs ?? before?.lifetimeMs ?? RECORD_LIFETIME_MS
    const ttlMs = request.ttlMs ?? before?.ttlMs ?? RECORD_TTL_MS
    const names = openKnownNames(home.layout.names)
    const record = await names.publish({ privateKey: key.protobuf, cid, now, sequence, lifetimeMs, ttlMs })
    await writeOwnName(home, { name: key.name, key: keyName, lifetimeMs, ttlMs })
    return record
  } finally {
    lock.release()
  }
}

/**
 * Ends what `publishName` began: the record is neither given nor signed again; what others have of it ends with its life. Key
 * and sequence are kept. Throws NotFoundError `name-not-published` (details: `name`), ConflictError `locked`.
 */
export async function unpublishName(
  home: Home,
  name: string,
  options: AbortOptions & { command: string },
): Promise<void> {
  const lock = await home.lock(options)
  try {
    if (readOwnName(home, name) === undefined) {
      throw new NotFoundError('name-not-published', `this node does not publish ${name} by \`jzfs name publish\``, {
        hint: 'branches and repositories are ended by `jzfs unpublish`',
        details: { name },
      })
    }
    await removeOwnName(home, name)
  } finally {
    lock.release()
  }
}

function publishesBranch(key: string, uses: string[]): ConflictError {
  const message = `the key ${JSON.stringify(key)} signs for ${uses.join(' and ')}`
  return new ConflictError('key-publishes-branch', message, {
    hint: 'publish that by `jzfs publish`, or use another key: `jzfs key gen NAME`',
    details: { key, uses },
  })
}
