import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { ConflictError, IntegrityError, InvalidError, JzfsError, NotFoundError } from '../../model/errors.ts'
import { decodeRefPath, encodeRefName } from '../../repo/refs/ref-encoding.ts'
import { createFileDurably, syncDirectory } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { type Ed25519Key, generateEd25519Key, parseEd25519Key } from './ed25519-key.ts'

/** The name of the key that is the node's own identity. */
export const SELF_KEY = 'self'

/**
 * The private keys of a home: one file each, readable by its owner only (0600).
 *
 * Key names are free text; a file's name is the key's, encoded as refs are, with `/` as `%2f`: so any file system keeps
 * them apart. Every method that reads throws IntegrityError `key-corrupt` (details: `path`), and what the file system says.
 */
export interface KeyStore {
  /** The key of that name, undefined where there is none. */
  read(name: string): Ed25519Key | undefined
  /** The key of that name; a new one is made, and is durable, where there is none. The caller holds the home's lock. */
  readOrCreate(name: string): Promise<Ed25519Key>
  /**
   * Keeps a key under a new name, durably. Nothing is ever replaced: ConflictError `key-exists`. InvalidError
   * `key-name-invalid` (details of both: `key`). The caller holds the home's lock.
   */
  add(name: string, key: Ed25519Key): Promise<void>
  /** Removes a key for good. NotFoundError `key-missing` (details: `key`). The caller holds the home's lock. */
  remove(name: string): Promise<void>
  /** The names of all keys, sorted. */
  list(): string[]
}

/** Bytes of a key's name. */
const MAX_KEY_NAME_BYTES = 100

/** The keys in a folder. */
export function createKeyStore(folder: string): KeyStore {
  const pathOf = (name: string): string => join(folder, encodeKeyName(name))
  const read = (name: string): Ed25519Key | undefined => readKey(pathOf(name))
  return {
    read,
    async readOrCreate(name) {
      const found = read(name)
      if (found !== undefined) return found
      const key = generateEd25519Key()
      await createFileDurably(pathOf(name), key.protobuf, { mode: 0o600 })
      return key
    },
    async add(name, key) {
      checkKeyName(name)
      try {
        await createFileDurably(pathOf(name), key.protobuf, { mode: 0o600 })
      } catch (error) {
        throw error instanceof JzfsError && error.code === 'file-exists' ? keyExists(name) : error
      }
    },
    async remove(name) {
      try {
        await rm(pathOf(name))
      } catch (error) {
        throw fsErrorCode(error) === 'ENOENT' ? keyMissing(name) : explainFsError(error, pathOf(name))
      }
      await syncDirectory(folder)
    },
    list() {
      return readdirSync(folder)
        .flatMap((file) => decodeKeyName(file) ?? [])
        .sort()
    },
  }
}

/** What is said where no key has that name. */
export function keyMissing(name: string): NotFoundError {
  return new NotFoundError('key-missing', `there is no key ${JSON.stringify(name)}`, {
    hint: '`jzfs key ls` lists the keys of this home; `jzfs key gen NAME` makes one',
    details: { key: name },
  })
}

function keyExists(name: string): ConflictError {
  return new ConflictError('key-exists', `there is a key ${JSON.stringify(name)} already`, {
    hint: 'choose another name; a key is never replaced',
    details: { key: name },
  })
}

function checkKeyName(name: string): void {
  const isText = name.isWellFormed() && !/\p{Cc}/u.test(name)
  if (isText && name !== '' && Buffer.byteLength(name) <= MAX_KEY_NAME_BYTES) return
  throw new InvalidError('key-name-invalid', `this is no name for a key: ${JSON.stringify(name.slice(0, 200))}`, {
    hint: `a name has 1 to ${MAX_KEY_NAME_BYTES} bytes and no control characters`,
    details: { key: name },
  })
}

function readKey(path: string): Ed25519Key | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
  const key = parseEd25519Key(bytes)
  if (key === undefined) {
    throw new IntegrityError('key-corrupt', `this is no Ed25519 key in libp2p's format: ${path}`, {
      hint: 'put back the key from a backup; removing the file gives up the name that it signs for',
      details: { path },
    })
  }
  return key
}

const SLASH = '%2f'

function encodeKeyName(name: string): string {
  return encodeRefName(name).replaceAll('/', SLASH)
}

function decodeKeyName(file: string): string | undefined {
  return decodeRefPath(file.replaceAll(SLASH, '/'))
}
