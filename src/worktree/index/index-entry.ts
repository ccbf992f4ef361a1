import { CID } from 'multiformats/cid'

import { cidOfDigest, DAG_PB, RAW, SHA2_256 } from '../../model/cid.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'

/** What the index keeps: files, symlinks, and directories with nothing in them (`directory`). */
export type EntryKind = 'file' | 'executable' | 'symlink' | 'directory'

/** 0: staged; 1, 2, 3: base, ours and theirs of a conflict, as in git. */
export type Stage = 0 | 1 | 2 | 3

/** What of a file's stat data tells that it was not changed. Zeros are never equal to a real file's. */
export interface StatStamp {
  /** Nanoseconds since the epoch. */
  mtimeNs: bigint
  ctimeNs: bigint
  inode: bigint
}

/** One entry of the staging index. */
export interface IndexEntry extends StatStamp {
  /** From the working tree's top, `/` between names, none at the ends. */
  path: string
  stage: Stage
  kind: EntryKind
  cid: CID
  /** The file's CID without its mode: differs from `cid` for executables only. */
  contentCid: CID
  /** Bytes of the file or of the symlink's target; 0 for a directory. */
  size: number
  /** The UnixFS Tsize of a link to `cid`. */
  tsize: number
  /** The stat data cannot prove that the file was not changed: it is to be hashed again. */
  racy: boolean
}

/** The stat data of an entry that was never compared with a file. */
export const NO_STAMP: StatStamp = { mtimeNs: 0n, ctimeNs: 0n, inode: 0n }

/** The entry of a folder with nothing in it. */
export function emptyFolderEntry(path: string): IndexEntry {
  const { cid, bytes } = EMPTY_DIRECTORY
  return {
    ...NO_STAMP,
    path,
    stage: 0,
    kind: 'directory',
    cid,
    contentCid: cid,
    size: 0,
    tsize: bytes.length,
    racy: false,
  }
}

const KINDS: readonly EntryKind[] = ['file', 'executable', 'symlink', 'directory']

/** The bits of an entry on disk: kind 0–1, stage 2–3, form of its CID 4–5, then single flags. */
export const KIND_MASK = 0b11
export const STAGE_SHIFT = 2
export const STAGE_MASK = 0b11 << STAGE_SHIFT
export const FORM_SHIFT = 4
/** A content CID that differs from the CID stands in the extras. */
export const HAS_CONTENT = 1 << 6
export const RACY = 1 << 7
/** The path is ASCII: it needs no decoding. */
export const ASCII = 1 << 8

export const KIND_FILE = 0
export const KIND_EXECUTABLE = 1
export const KIND_SYMLINK = 2
export const KIND_DIRECTORY = 3

/** How a CID is kept: the usual ones as their 32-byte digest alone, any other whole, in the extras. */
export const FORM_RAW = 0
export const FORM_DAG_PB = 1
export const FORM_V0 = 2
export const FORM_WHOLE = 3

/** The kind in an entry's bits. */
export function kindOfBits(bits: number): EntryKind {
  return KINDS[bits & KIND_MASK] as EntryKind
}

/** The bits of a kind. */
export function bitsOfKind(kind: EntryKind): number {
  return KINDS.indexOf(kind)
}

/** The form under which a CID is kept. */
export function formOfCid(cid: CID): number {
  if (cid.multihash.code !== SHA2_256 || cid.multihash.size !== 32) return FORM_WHOLE
  if (cid.version === 0) return FORM_V0
  if (cid.code === RAW) return FORM_RAW
  return cid.code === DAG_PB ? FORM_DAG_PB : FORM_WHOLE
}

/** The CID of a form (not FORM_WHOLE) and a digest. */
export function cidOfForm(form: number, digest: Uint8Array): CID {
  if (form === FORM_RAW) return cidOfDigest(RAW, digest)
  const cid = cidOfDigest(DAG_PB, digest)
  return form === FORM_V0 ? cid.toV0() : cid
}

/** The CID at the start of `bytes` that were written from a CID, and what follows it. */
export function cidAtStart(bytes: Uint8Array): [CID, Uint8Array] {
  return CID.decodeFirst(bytes)
}
