import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { IntegrityError } from '../../model/errors.ts'
import { decodeRefPath, encodeRefName } from '../../repo/refs/ref-encoding.ts'
import { writeFileDurably } from '../../store/durable.ts'
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
  /** The names of all keys, sorted. */
  list(): string[]
}

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
      await writeFileDurably(pathOf(name), key.protobuf, { mode: 0o600 })
      return key
    },
    list() {
      return readdirSync(folder)
        .flatMap((file) => decodeKeyName(file) ?? [])
        .sort()
    },
  }
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
