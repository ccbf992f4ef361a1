import { CHUNK_SIZE } from '../../model/limits.ts'
import { type RangeTask, READ, type RefusalReason, type SourceStat, type TaskOutcome } from './ingest-messages.ts'
import { RANGE_SIZE } from './ingest-reader.ts'

/** The first leaves of a file that an earlier ingest stored, with what the file was then. */
export interface KnownPrefix {
  stat: SourceStat
  /** The sha2-256 digests of the leaves, 32 bytes each, from the file's start. */
  leaves: Uint8Array
}

/** A file that is read in ranges, by several threads at once. */
export interface BigFile {
  readonly stat: SourceStat
  /** The next part to be read, or undefined when all are taken or one has failed. */
  takeRange(): RangeTask | undefined
  /** Counts in what became of a range that was taken. */
  settleRange(range: RangeTask, outcome: TaskOutcome): void
  /** What became of the file: undefined while parts are under way. */
  readonly result: typeof READ | RefusalReason | undefined
  /** The digests of the leaves as words, eight each: complete when `result` is READ. */
  readonly digests: Uint32Array
  /** The leaves from the file's start that are stored by now, in the end the last one, too. */
  prefix(): KnownPrefix
}

/** Starts reading a file of more than RANGE_SIZE bytes. `prefix` is believed: the caller has checked it. */
export function createBigFile(path: string, stat: SourceStat, prefix: KnownPrefix | undefined): BigFile {
  return new RangedFile(path, stat, prefix)
}

class RangedFile implements BigFile {
  readonly stat: SourceStat
  readonly digests: Uint32Array
  readonly #path: string
  /** Where the next range begins. */
  #taken: number
  #underWay = 0
  #refusal: RefusalReason | undefined
  /** Everything before is stored. */
  #stored: number
  /** Ranges that are stored behind one that is not: start → end. */
  readonly #ahead = new Map<number, number>()

  constructor(path: string, stat: SourceStat, prefix: KnownPrefix | undefined) {
    this.#path = path
    this.stat = stat
    this.digests = new Uint32Array(8 * Math.ceil(stat.size / CHUNK_SIZE))
    const leaves = prefix === undefined ? 0 : Math.min(prefix.leaves.length / 32, this.digests.length / 8)
    if (prefix !== undefined) new Uint8Array(this.digests.buffer).set(prefix.leaves.subarray(0, leaves * 32))
    this.#taken = Math.min(stat.size, leaves * CHUNK_SIZE)
    this.#stored = this.#taken
  }

  get result(): typeof READ | RefusalReason | undefined {
    if (this.#underWay > 0) return undefined
    if (this.#refusal !== undefined) return this.#refusal
    return this.#taken === this.stat.size ? READ : undefined
  }

  takeRange(): RangeTask | undefined {
    if (this.#refusal !== undefined || this.#taken === this.stat.size) return undefined
    const start = this.#taken
    const end = Math.min(this.stat.size, start + RANGE_SIZE)
    this.#taken = end
    this.#underWay++
    return { kind: 'range', path: this.#path, start, end, stat: this.stat }
  }

  settleRange({ start, end }: RangeTask, { states, digests, refusals }: TaskOutcome): void {
    this.#underWay--
    if (states[0] !== READ) {
      this.#refusal ??= refusals[0]!.reason
      return
    }
    this.digests.set(digests, (start / CHUNK_SIZE) * 8)
    this.#ahead.set(start, end)
    for (let next = this.#ahead.get(this.#stored); next !== undefined; next = this.#ahead.get(this.#stored)) {
      this.#ahead.delete(this.#stored)
      this.#stored = next
    }
  }

  prefix(): KnownPrefix {
    const leaves = this.#stored === this.stat.size ? this.digests.length / 8 : Math.floor(this.#stored / CHUNK_SIZE)
    return { stat: this.stat, leaves: new Uint8Array(this.digests.buffer.slice(0, leaves * 32)) }
  }
}
