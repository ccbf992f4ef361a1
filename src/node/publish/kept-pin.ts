import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'

import { syncDirectory } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { Home } from '../home/home.ts'
import { keptPinSetPath, pinSetPath } from './published-files.ts'

/** Whether a pin is kept for this node only: it is published to some, and not served on. */
export function isKeptPin({ layout }: Home, label: string): boolean {
  return existsSync(keptPinSetPath(layout, label)) && !existsSync(pinSetPath(layout, label))
}

/** Serves a pin to others no longer, or again, durably; nothing happens where nothing of it is listed so. */
export async function changeKeptPin({ layout }: Home, label: string, { isKept }: { isKept: boolean }): Promise<void> {
  const [kept, served] = [keptPinSetPath(layout, label), pinSetPath(layout, label)]
  const [before, after] = isKept ? [served, kept] : [kept, served]
  if (!existsSync(before)) return
  try {
    await rename(before, after)
  } catch (error) {
    throw explainFsError(error, before)
  }
  await syncDirectory(layout.published)
}
