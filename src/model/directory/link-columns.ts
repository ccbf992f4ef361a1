import { compareNames } from '../compare.ts'
import type { Link } from '../unixfs/dag-pb.ts'

/**
 * Links in columns, iterated in the order of their names: about a hundred bytes each, where a million of objects with
 * views into their blocks would hold those blocks and three times as much.
 */
export class LinkColumns {
  #names: string[] = []
  #cids = new Uint8Array(64 * WIDTH)
  #tsizes = new Float64Array(64)

  add(link: Link): void {
    const index = this.#names.length
    if (index === this.#tsizes.length) {
      this.#cids = grown(this.#cids, new Uint8Array(2 * this.#cids.length))
      this.#tsizes = grown(this.#tsizes, new Float64Array(2 * this.#tsizes.length))
    }
    this.#names.push(link.name)
    this.#tsizes[index] = link.tsize
    this.#cids[index * WIDTH] = link.cid.length
    this.#cids.set(link.cid, index * WIDTH + 1)
  }

  *[Symbol.iterator](): Generator<Link> {
    const names = this.#names
    const order = new Uint32Array(names.length)
    for (let i = 0; i < order.length; i++) {
      order[i] = i
    }
    order.sort((a, b) => compareNames(names[a] as string, names[b] as string))
    for (const index of order) {
      const start = index * WIDTH + 1
      yield {
        name: names[index] as string,
        cid: this.#cids.subarray(start, start + (this.#cids[start - 1] as number)),
        tsize: this.#tsizes[index] as number,
      }
    }
  }
}

/** A length byte and a CID of sha2-256: 1 of version, up to 10 of codec, 34 of multihash. */
const WIDTH = 46

function grown<T extends Uint8Array | Float64Array>(before: T, after: T): T {
  after.set(before)
  return after
}
