import { closeSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

import type { BlockCopier } from '../../src/store/copy/block-copier.ts'
import type { Store } from '../../src/store/store.ts'
import { rawBlock, writePack } from './store-files.ts'

/** Waits until the threads of a copier from this store are there: until then leaves are left. */
export async function whenReady(copier: BlockCopier, store: Store): Promise<void> {
  const { cid, bytes } = rawBlock(Buffer.alloc(128 * 1024, 'ready'))
  if (store.locate(cid) === undefined) await writePack(store, [{ cid, bytes }])
  const sink = openSync('/dev/null', 'w')
  const leaves = async function* () {
    yield { cid, start: 0, size: bytes.length }
  }
  const target = { descriptor: sink, size: 1e9 }
  while ((await Array.fromAsync(copier.copy(target, leaves()))).length > 0) await setTimeout(5)
  closeSync(sink)
}
