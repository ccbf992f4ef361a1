import { createDigestTable } from '../../store/pack/digest-table.ts'

/** What a place takes up, in bytes. */
export interface Usage {
  /** All files and targets of symlinks, each as often as it stands there. */
  logical: number
  /** The distinct blocks, each once. */
  stored: number
  /** The part of `stored` in blocks that stand outside of the place too. */
  shared: number
}

/**
 * Adds up what stands in places that lie within each other: folders. Each block counts once in every place that holds it,
 * however many places those are: 52 bytes a block, 28 a place.
 *
 * Places are numbered as they are entered, a place before those in it (0 is around all others), and everything in a place
 * comes before the next one beside it. So what two places hold in common is found from the last one that held a block:
 * it is counted once where the ways up from both meet.
 */
export interface UsageTally {
  /** Enters a place within another one, and returns its number. */
  enter(parent: number): number
  addContent(place: number, sizeBytes: number): void
  addBlock(place: number, digest: Uint8Array, sizeBytes: number): void
  /** Blocks met so far. */
  readonly blocks: number
  /** What each place takes up; of 0, what is shared is what stands in several of the places right below it. */
  usages(): Usage[]
}

/** An empty tally. */
export function createUsageTally(): UsageTally {
  return new Tally()
}

class Tally implements UsageTally {
  /** Each block with the place where it was met last. */
  readonly #blocks = createDigestTable()
  /** Of each block, the innermost place that holds all of it. */
  #homes = new Uint32Array(1024)
  readonly #parents: number[] = [0]
  readonly #logical: number[] = [0]
  /** What a place adds to what the places in it hold. */
  readonly #stored: number[] = [0]
  /** Blocks that are only here, but not all in one place below. */
  readonly #alone: number[] = [0]

  get blocks(): number {
    return this.#blocks.size
  }

  enter(parent: number): number {
    this.#logical.push(0)
    this.#stored.push(0)
    this.#alone.push(0)
    return this.#parents.push(parent) - 1
  }

  addContent(place: number, sizeBytes: number): void {
    this.#logical[place]! += sizeBytes
  }

  addBlock(place: number, digest: Uint8Array, sizeBytes: number): void {
    const known = this.#blocks.findDigest(digest)
    if (known === -1) {
      this.#setHome(this.#blocks.addDigest(digest, place), place)
      this.#stored[place]! += sizeBytes
      this.#alone[place]! += sizeBytes
      return
    }
    const last = this.#blocks.positions[known]!
    if (last === place) return
    this.#blocks.positions[known] = place
    this.#stored[place]! += sizeBytes
    this.#stored[this.#around(last, place)]! -= sizeBytes
    const home = this.#homes[known]!
    const wider = this.#around(home, place)
    this.#homes[known] = wider
    this.#alone[home]! -= sizeBytes
    this.#alone[wider]! += sizeBytes
  }

  usages(): Usage[] {
    const stored = [...this.#stored]
    const alone = [...this.#alone]
    const logical = [...this.#logical]
    const shared = alone[0]!
    for (let place = stored.length - 1; place > 0; place--) {
      const parent = this.#parents[place]!
      stored[parent]! += stored[place]!
      alone[parent]! += alone[place]!
      logical[parent]! += logical[place]!
    }
    return stored.map((size, place) => ({
      logical: logical[place]!,
      stored: size,
      shared: place === 0 ? shared : size - alone[place]!,
    }))
  }

  #setHome(block: number, place: number): void {
    if (block === this.#homes.length) this.#homes = new Uint32Array(this.#homes.buffer.transfer(block * 8))
    this.#homes[block] = place
  }

  /** The innermost place around both. A parent's number is below those of what is in it. */
  #around(one: number, other: number): number {
    let [a, b] = [one, other]
    while (a !== b) {
      if (a > b) a = this.#parents[a]!
      else b = this.#parents[b]!
    }
    return a
  }
}
