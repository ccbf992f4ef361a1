import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { buildDirectory, EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import { CHUNK_SIZE } from '../../../src/model/limits.ts'
import { buildFile } from '../../../src/model/unixfs/file.ts'
import { buildSymlink } from '../../../src/model/unixfs/symlink.ts'

/** The tree of a folder, all of it but `.jzfs` and `.git`, worked out in the plainest way. */
export function naiveTree(directory: string): { cid: CID; tsize: number } {
  const names = readdirSync(directory).filter((name) => name !== '.jzfs' && name !== '.git')
  if (names.length === 0) return { cid: EMPTY_DIRECTORY.cid, tsize: EMPTY_DIRECTORY.bytes.length }
  return buildDirectory(names.map((name) => ({ name, ...naiveNode(join(directory, name)) })))
}

function naiveNode(path: string): { cid: CID; tsize: number } {
  const stat = lstatSync(path)
  if (stat.isDirectory()) return naiveTree(path)
  if (stat.isSymbolicLink()) return buildSymlink(readlinkSync(path))
  const bytes = readFileSync(path)
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_SIZE))
  const chunks = Array.from({ length: count }, (_, at) => bytes.subarray(at * CHUNK_SIZE, (at + 1) * CHUNK_SIZE))
  const leaves = chunks.map((chunk) => ({ cid: cidOf(RAW, chunk), size: chunk.length }))
  return buildFile(leaves, { executable: (stat.mode & 0o100) !== 0 })
}
