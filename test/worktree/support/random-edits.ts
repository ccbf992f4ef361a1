import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { SeededRandom } from './seeded-random.ts'

const NAMES = ['a', 'b', 'a.b', 'a-b', 'c', 'log', 'x.log', 'é', '日本', ' s', 'q"q', 'b\\b', 'n\nn', '-d', '😀']

/** A random path of up to three names. */
export function randomPath(random: SeededRandom): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(NAMES)).join('/')
}

/** Makes, changes or removes something at a random path of a folder, whatever was there before. */
export function editRandomly(directory: string, random: SeededRandom): void {
  const path = join(directory, randomPath(random))
  // What is in the way of a folder goes first, symlinks above all: nothing may be touched through them.
  for (let slash = path.indexOf('/', directory.length + 1); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const parent = path.slice(0, slash)
    if (lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(parent)
  }
  const act = random.below(10)
  if (act <= 2) {
    rmSync(path, { recursive: true, force: true })
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { recursive: true, force: true })
  if (act === 3) {
    mkdirSync(path)
  } else if (act === 4) {
    symlinkSync(random.pick(['a', '../b', 'nowhere', '.']), path)
  } else {
    writeFileSync(path, `content ${random.below(4)}`.repeat(random.below(3)))
    if (random.chance(0.2)) chmodSync(path, 0o755)
  }
}
