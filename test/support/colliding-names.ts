import { hashName } from '../../src/model/directory/hamt-slot.ts'

/**
 * Names whose hashes agree in their first two bytes at least in pairs, so that a sharded directory of a few of them is
 * three shards deep. Each is `length` bytes long.
 */
export function collidingNames(pairs: number, length = 8): string[] {
  const seen = new Map<number, string>()
  const names: string[] = []
  for (let i = 0; names.length < 2 * pairs; i++) {
    const name = `c${i}`.padEnd(length, '_')
    const hash = hashName(name)
    const start = (hash[0] as number) * 256 + (hash[1] as number)
    const other = seen.get(start)
    if (other === undefined) {
      seen.set(start, name)
    } else {
      names.push(other, name)
      seen.delete(start)
    }
  }
  return names
}
