/** What a queue orders: newest date first, and where dates are equal, first come first served. */
export interface CommitQueue<T> {
  readonly size: number
  peek(): T | undefined
  push(item: T, committedAt: number): void
  pop(): T | undefined
}

interface Slot<T> {
  item: T
  committedAt: number
  arrival: number
}

/** Makes an empty queue: a binary heap that also knows the order of arrival. */
export function createCommitQueue<T>(): CommitQueue<T> {
  return new HeapQueue<T>()
}

class HeapQueue<T> implements CommitQueue<T> {
  #slots: Slot<T>[] = []
  #arrivals = 0

  get size(): number {
    return this.#slots.length
  }

  peek(): T | undefined {
    return this.#slots[0]?.item
  }

  push(item: T, committedAt: number): void {
    const slot = { item, committedAt, arrival: this.#arrivals++ }
    let at = this.#slots.length
    this.#slots.push(slot)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#slots[parent] as Slot<T>
      if (isBefore(above, slot)) break
      this.#slots[at] = above
      at = parent
    }
    this.#slots[at] = slot
  }

  pop(): T | undefined {
    const first = this.#slots[0]
    const last = this.#slots.pop()
    if (first === undefined || last === undefined) return undefined
    if (this.#slots.length > 0) this.#sink(last)
    return first.item
  }

  #sink(slot: Slot<T>): void {
    const slots = this.#slots
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= slots.length) break
      if (child + 1 < slots.length && isBefore(slots[child + 1] as Slot<T>, slots[child] as Slot<T>)) child++
      const below = slots[child] as Slot<T>
      if (isBefore(slot, below)) break
      slots[at] = below
      at = child
    }
    slots[at] = slot
  }
}

function isBefore<T>(a: Slot<T>, b: Slot<T>): boolean {
  return a.committedAt > b.committedAt || (a.committedAt === b.committedAt && a.arrival < b.arrival)
}
