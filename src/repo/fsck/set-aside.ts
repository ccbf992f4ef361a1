import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { putAside } from '../../store/salvage/salvage.ts'
import type { Layout } from '../layout.ts'

/** Moves a record that cannot be read out of the way, durably, and returns where it is now. What it names, `gc` goes on to keep. */
export function moveAside(layout: Layout, path: string): Promise<string> {
  return putAside(path, join(layout.setAside, dirname(relative(layout.directory, path))))
}

/** Copies a file that is about to be replaced, durably, and returns where the copy is. */
export async function copyAside(layout: Layout, path: string): Promise<string> {
  const target = join(layout.setAside, relative(layout.directory, path))
  let free = target
  for (let number = 1; existsSync(free); number++) free = `${target}.${number}`
  try {
    mkdirSync(dirname(target), { recursive: true })
    const bytes = readFileSync(path)
    await writeFileDurably(free, bytes)
    return free
  } catch (error) {
    throw explainFsError(error, path)
  }
}
