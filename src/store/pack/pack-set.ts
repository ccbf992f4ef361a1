import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { IntegrityError } from '../../model/errors.ts'
import type { DamageList } from '../damage-list.ts'
import { explainFsError, fsErrorCode } from '../fs-errors.ts'
import { createIndexMemory } from './index-memory.ts'
import { createOpenFiles } from './open-files.ts'
import { type BlockPlace, openPack, type Pack, PackGoneError } from './pack.ts'

/** Packs open at once: everything must work with 50 file descriptors. */
const MAX_OPEN_PACKS = 8

/** Memory that the indexes of packs may take, in bytes. */
const MAX_INDEX_MEMORY = 64 * 1024 * 1024

const SHA2_256 = 0x12

/** What a search for one block came to. */
interface PackedBlock {
  /** The block, verified; undefined where no pack has a sound copy. */
  bytes: Uint8Array | undefined
  /** What was wrong with the copies that were found, or with a pack that might have one. */
  problem: IntegrityError | undefined
}

/** All packs of one directory. */
export interface PackSet {
  /** Whether a pack has a copy of this sha2-256 digest that is not known to be corrupt. Does not list packs again. */
  hasDigest(digest: Uint8Array): boolean
  /** Whether a pack has a copy; lists the packs again before it says no. */
  has(cid: CID): boolean
  /** Reads a block from the packs, the damaged ones passed over; lists the packs again before it gives up. */
  read(cid: CID): PackedBlock
  /** Where a pack has a copy that is not known to be corrupt; undefined also where the hash is not sha2-256. */
  locate(cid: CID): BlockPlace | undefined
  /** The packs as they are now: lists them again. */
  list(): readonly Pack[]
  /** Says that a pack was written here, perhaps anew, or removed: packs are listed again at the next use. */
  noteChange(path?: string): void
  /** Remembers that the copy of a block in this pack is corrupt, or without a CID that the pack itself is. */
  noteDamage(pack: Pack, cid?: CID): void
  /** Whether anything in this pack is known to be corrupt. */
  isDamaged(pack: Pack): boolean
  /** Whether the copy of a block in this pack is known to be corrupt. */
  isDamagedBlock(pack: Pack, digest: Uint8Array): boolean
  /** Closes the files. The set can be used on, and opens them again. */
  close(): void
}

/** The packs (`*.car`) in `directory`, which may be absent; listed at the first use. */
export function createPackSet(directory: string, damage: DamageList): PackSet {
  return new DirectoryPackSet(directory, damage)
}

class DirectoryPackSet implements PackSet {
  readonly #directory: string
  readonly #damage: DamageList
  readonly #files = createOpenFiles(MAX_OPEN_PACKS)
  readonly #memory = createIndexMemory(MAX_INDEX_MEMORY)
  /** The pack in which something was found last comes first. */
  #packs: Pack[] = []
  /** Whether `#packs` must be listed before it is used. */
  #isStale = true

  constructor(directory: string, damage: DamageList) {
    this.#directory = directory
    this.#damage = damage
  }

  hasDigest(digest: Uint8Array): boolean {
    return this.#holder(SHA2_256, digest) !== undefined
  }

  has(cid: CID): boolean {
    const { code, digest } = cid.multihash
    if (this.#holder(code, digest) !== undefined) return true
    return this.#relist() && this.#holder(code, digest) !== undefined
  }

  read(cid: CID): PackedBlock {
    const first = this.#readFrom(cid)
    if (first.bytes !== undefined) return first
    const isReplaced = first.problem !== undefined && this.#drop((pack) => pack.isReplaced())
    return this.#relist() || isReplaced ? this.#readFrom(cid) : first
  }

  locate(cid: CID): BlockPlace | undefined {
    const { code, digest } = cid.multihash
    const pack = code === SHA2_256 ? this.#holder(code, digest) : undefined
    const start = pack === undefined ? -1 : this.#find(pack, code, digest)
    if (pack === undefined || start === -1) return undefined
    try {
      return pack.locate(start, cid)
    } catch (error) {
      if (error instanceof IntegrityError || error instanceof PackGoneError) return undefined
      throw error
    }
  }

  list(): readonly Pack[] {
    this.#relist()
    return [...this.#packs]
  }

  noteChange(path?: string): void {
    this.#isStale = true
    if (path !== undefined) this.#drop((pack) => pack.path === path)
  }

  noteDamage(pack: Pack, cid?: CID): void {
    this.#damage.add(pack.name, cid?.multihash.digest ?? new Uint8Array(0))
  }

  isDamaged(pack: Pack): boolean {
    return pack.layout() === undefined || pack.problem !== undefined || this.#damage.hasPack(pack.name)
  }

  isDamagedBlock(pack: Pack, digest: Uint8Array): boolean {
    return !this.#damage.isEmpty && this.#damage.has(pack.name, digest)
  }

  close(): void {
    for (const pack of this.#packs) pack.close()
  }

  /** The pack with a copy that is not known to be corrupt. */
  #holder(code: number, digest: Uint8Array): Pack | undefined {
    const packs = this.#listed()
    for (let at = 0; at < packs.length; at++) {
      const pack = packs[at]
      if (pack === undefined || this.#find(pack, code, digest) === -1) continue
      if (!this.#damage.isEmpty && this.#damage.has(pack.name, digest)) continue
      this.#moveToFront(packs, at)
      return pack
    }
    return undefined
  }

  #readFrom(cid: CID): PackedBlock {
    const { code, digest } = cid.multihash
    let problem: IntegrityError | undefined
    const packs = this.#listed()
    for (let at = 0; at < packs.length; at++) {
      const pack = packs[at]
      const start = pack === undefined ? -1 : this.#find(pack, code, digest)
      if (pack === undefined || start === -1) continue
      try {
        const bytes = pack.read(start, cid)
        this.#moveToFront(packs, at)
        return { bytes, problem }
      } catch (error) {
        if (error instanceof IntegrityError) {
          this.noteDamage(pack, cid)
          problem ??= error
        } else if (!(error instanceof PackGoneError)) throw error
      }
    }
    return { bytes: undefined, problem: problem ?? packs.find((pack) => pack.problem !== undefined)?.problem }
  }

  #find(pack: Pack, code: number, digest: Uint8Array): number {
    try {
      return pack.find(code, digest)
    } catch (error) {
      if (error instanceof PackGoneError) return -1
      throw error
    }
  }

  #moveToFront(packs: Pack[], at: number): void {
    if (at === 0) return
    const [pack] = packs.splice(at, 1)
    if (pack !== undefined) packs.unshift(pack)
  }

  #listed(): Pack[] {
    if (this.#isStale) this.#relist()
    return this.#packs
  }

  /** Lists the directory; true where it holds a pack that was not known. */
  #relist(): boolean {
    this.#isStale = false
    const names = new Set(listPacks(this.#directory))
    this.#drop((pack) => !names.has(pack.name))
    for (const { name } of this.#packs) names.delete(name)
    const added = [...names].map((name) => openPack(join(this.#directory, name), this.#files, this.#memory))
    this.#packs.unshift(...added)
    return added.length > 0
  }

  #drop(isMeant: (pack: Pack) => boolean): boolean {
    const dropped = this.#packs.filter(isMeant)
    if (dropped.length === 0) return false
    for (const pack of dropped) pack.close()
    this.#packs = this.#packs.filter((pack) => !dropped.includes(pack))
    return true
  }
}

function listPacks(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.car'))
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, directory)
  }
}
