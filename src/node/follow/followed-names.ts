import { statSync } from 'node:fs'

import type { Home } from '../home/home.ts'
import { listNotedPins, readPinNotes } from '../pins/pin-notes.ts'
import { isKeptPin } from '../publish/kept-pin.ts'

/** A name that a pin of the home follows. */
export interface FollowedName {
  /** `k51…` */
  name: string
  /** Addresses of peers to ask, beside those that are connected. */
  peers: readonly string[]
  /** Whether it is kept for this node only: nobody else is told of it. */
  restricted: boolean
  /** The code of what is noted to be wrong with the pin, by this process or another. */
  problem: string | undefined
}

/** The coarsest clock that file systems stamp changes with, in milliseconds. */
const CLOCK_TICK_MS = 2000

/**
 * The names that a home follows, as its files say; the function reads them again where they changed. It throws IntegrityError
 * `pin-notes-corrupt`.
 */
export function createFollowedNames(home: Home): () => readonly FollowedName[] {
  let known: { version: string; names: FollowedName[] } | undefined
  return () => {
    const stat = statSync(home.layout.pinNotes, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return []
    // Another change could bear the same time as the last one.
    const isRecent = Date.now() - Number(stat.mtimeMs) < CLOCK_TICK_MS
    const version = `${stat.ino}:${stat.mtimeNs}`
    if (known?.version !== version || isRecent) known = { version, names: readNames(home) }
    return known.names
  }
}

function readNames(home: Home): FollowedName[] {
  return listNotedPins(home).flatMap((label) => {
    const notes = readPinNotes(home, label)
    if (notes?.follows !== true) return []
    return [{ name: label, peers: notes.peers, restricted: isKeptPin(home, label), problem: notes.problem?.code }]
  })
}
