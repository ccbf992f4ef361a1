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
  const close = async (): Promise<void> => {
    const result = await pack.finish()
    if (result !== undefined) written.push(result)
  }
  return {
    add: (block) => pack.add(block, arriving?.note(block)),
    get: (cid) => pack.get(cid),
    async drain() {
      await pack.drain()
      if (pack.bytes < rollBytes) return
      // The next lease is taken before this one ends: nothing is swept between two packs.
      const next = await store.createPack()
      await close().catch((error: unknown) => {
        next.abort()
        throw error
      })
      pack = next
    },
    async finish() {
      await close()
      return written
    },
    abort: () => pack.abort(),
  }
}
