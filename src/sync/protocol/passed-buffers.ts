import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { letHeapGrow } from './heap-growth.ts'

/** How many bytes of buffers pass before those that are done with are freed. */
const SWEEP_BYTES = 8_388_608

/** How many before passing them on is taken for the main work of this process. */
const MUCH_BYTES = 67_108_864

let sweptBytes = 0
let unsweptBytes = 0
let collect: Collector | undefined

/**
 * Counts the bytes of buffers that pass through this process, received or sent, and has V8 free those that are done with.
 *
 * Such buffers are outside of V8's heap, and the objects that hold them are small: by itself V8 hardly ever looks at the young
 * ones, and marks the whole heap each time some 10 MB of buffers were made. That was a third of what sending 1 GiB cost, and of
 * receiving it; a look at the young objects takes a third of a millisecond.
 */
export function countPassed(bytes: number): void {
  unsweptBytes += bytes
  if (unsweptBytes < SWEEP_BYTES) return
  const before = sweptBytes
  sweptBytes += unsweptBytes
  unsweptBytes = 0
  collect ??= findCollector()
  if (before < MUCH_BYTES && sweptBytes >= MUCH_BYTES) markOnce(collect)
  else collect({ type: 'minor' })
}

/**
 * Ends a marking that is under way, and has none begin soon. While the young objects are collected that often, V8's threads
 * went on marking for as long as the transfer took, in every fourth one: two seconds of their time for 1 GiB.
 */
function markOnce(collector: Collector): void {
  letHeapGrow()
  collector({ type: 'major' })
}

type Collector = (options: { type: 'minor' | 'major' }) => void

/**
 * V8's collector, which a program gets only where a flag asks for it. The flag is taken back at once: with others than its
 * first flags V8 does not believe what is compiled already, and each module that is loaded later costs more.
 */
function findCollector(): Collector {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as Collector
  setFlagsFromString('--no-expose-gc')
  return found
}
