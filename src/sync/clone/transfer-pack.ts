import type { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
import type { PackWriter, WrittenPack } from '../../store/pack/pack-writer.ts'
import type { Store } from '../../store/store.ts'
import type { ArrivingFiles } from '../../worktree/arriving/arriving-files.ts'

/** How large a pack of a transfer grows before it is made durable and the next one begins. */
const ROLL_BYTES = 1_073_741_824

/** Where the blocks of one transfer go: packs, one after the other, so that a kill costs one pack at most. */
export interface TransferPack {
  add(block: Block): boolean
  get(cid: CID): Uint8Array | undefined
  drain(): Promise<void>
  /** Makes all of it durable. */
  finish(): Promise<WrittenPack[]>
  /** Removes the pack that is being written; the ones before are durable, and hold verified blocks only. */
  abort(): void
}

/** How the packs of a transfer are written. */
export interface TransferPackOptions {
  rollBytes?: number
  /** Files that are written while their blocks come. */
  arriving?: Pick<ArrivingFiles, 'note'> | undefined
}

/** Starts the packs of a transfer into a store. `finish` or `abort` must be called: until then a lease is held. */
export async function createTransferPack(
  store: Pick<Store, 'createPack'>,
  { rollBytes = ROLL_BYTES, arriving }: TransferPackOptions = {},
): Promise<TransferPack> {
  const written: WrittenPack[] = []
  let pack: PackWriter = await store.createPack()
  /** The pack before, while it is made durable. */
  let full: PackWriter | undefined
  let rolling: Promise<void> | undefined
  const close = async (closed: PackWriter): Promise<void> => {
    const result = await closed.finish()
    if (result !== undefined) written.push(result)
  }
  const roll = async (): Promise<void> => {
    // The next lease is taken before this one ends: nothing is swept between two packs.
    const next = await store.createPack()
    // Several peers add to it: what comes from here on goes into the next one.
    full = pack
    pack = next
    try {
      await close(full)
    } catch (error) {
      next.abort()
      throw error
    } finally {
      full = undefined
    }
  }
  return {
    add: (block) => pack.add(block, arriving?.note(block)),
    get: (cid) => pack.get(cid) ?? full?.get(cid),
    async drain() {
      await pack.drain()
      if (rolling === undefined && pack.bytes >= rollBytes) rolling = roll().finally(() => (rolling = undefined))
      await rolling
    },
    async finish() {
      await rolling
      await close(pack)
      return written
    },
    abort: () => pack.abort(),
  }
}
