import type { CID } from 'multiformats/cid'

import { JzfsError } from '../../model/errors.ts'
import { openDigestSet } from '../../sync/publish/digest-set-file.ts'
import type { Home } from '../home/home.ts'
import { listPins } from '../publish/home-pins.ts'
import { isKeptPin } from '../publish/kept-pin.ts'
import { keptPinSetPath, pinSetPath } from '../publish/published-files.ts'
import { listNotedPins, type PinNotes, readPinNotes } from './pin-notes.ts'

/** A pin, and how it is. */
export interface PinDescription extends PinNotes {
  /** The IPNS name or the CID that was pinned. */
  label: string
  /** What it is now; undefined where nothing of it came yet. */
  cid: CID | undefined
  /** `kept`: all of it is here, and served unless it is `restricted`; `waiting`: it is yet to be fetched; `failing`: see `problem`. */
  state: 'kept' | 'waiting' | 'failing'
  /** Whether it is kept for this node only, and not served: it is published to some. */
  restricted: boolean
  /** Blocks that it reaches, those that other pins reach too among them. */
  blocks: number
}

/** All pins of a home, sorted by their labels. Throws IntegrityError `pin-notes-corrupt`. */
export async function describePins(home: Home, { command }: { command: string }): Promise<PinDescription[]> {
  const kept = new Map((await listPins(home, { command })).map(({ label, cid }) => [label, cid]))
  const labels = [...new Set([...kept.keys(), ...listNotedPins(home)])].sort()
  return labels.map((label) => {
    const cid = kept.get(label)
    const notes = readPinNotes(home, label) ?? { follows: false, peers: [] }
    const state = notes.problem !== undefined ? 'failing' : cid === undefined ? 'waiting' : 'kept'
    const restricted = isKeptPin(home, label)
    const setPath = restricted ? keptPinSetPath(home.layout, label) : pinSetPath(home.layout, label)
    return { label, cid, ...notes, state, restricted, blocks: countBlocks(setPath) }
  })
}

/** None, where it is not served. */
function countBlocks(path: string): number {
  try {
    const digests = openDigestSet(path)
    digests.close()
    return digests.count
  } catch (error) {
    if (error instanceof JzfsError) return 0
    throw error
  }
}
