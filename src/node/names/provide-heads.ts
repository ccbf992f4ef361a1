import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { publicNamesOf } from './announced-names.ts'

/** Where others are told who has a block: the DHT. */
export interface HeadProvider {
  provide(cid: CID, options?: AbortOptions): Promise<void>
}

export interface ProvideHeadsOptions {
  home: Home
  now(): Date
  provider: HeadProvider
  onProblem?: ((error: JzfsError) => void) | undefined
}

/** Heads that are told: of what is below them nobody is told, they are asked of whoever has the head. */
const MAX_HEADS = 256

/** After how long the same head is told again, in milliseconds: the DHT forgets within 48 hours. */
const TELL_AGAIN_MS = 43_200_000

/**
 * What tells others that this node has the heads that it publishes to everybody, and the manifests: those that were not told
 * yet, at each call. What is for some peers only is not told of.
 */
export function createHeadTeller({ home, now, provider, onProblem }: ProvideHeadsOptions) {
  const told = new Map<string, number>()
  let isFailing = false
  return async (signal: AbortSignal): Promise<void> => {
    const heads = await publicHeads(home)
    for (const key of told.keys()) if (!heads.has(key)) told.delete(key)
    for (const [key, cid] of heads) {
      const at = now().getTime()
      if (at - (told.get(key) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) continue
      try {
        await provider.provide(cid, { signal })
        told.set(key, at)
        isFailing = false
      } catch (error) {
        if (!(error instanceof JzfsError)) throw error
        // Once: who has no way out now is told of it, and the rest waits for the next round.
        if (!isFailing) onProblem?.(error)
        isFailing = true
        return
      }
    }
  }
}

async function publicHeads(home: Home): Promise<Map<string, CID>> {
  const names = openKnownNames(home.layout.names)
  const heads = new Map<string, CID>()
  for (const name of home.repositories.list().flatMap(publicNamesOf)) {
    if (heads.size >= MAX_HEADS) break
    const cid = (await names.record(name))?.cid
    if (cid !== undefined) heads.set(cid.toString(), cid)
  }
  return heads
}
