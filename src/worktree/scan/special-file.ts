import type { StagingIndex } from '../index/staging-index.ts'
import type { ScanProblem } from './scan.ts'

/**
 * Whether what a scan found is a FIFO, socket or device beside what is tracked. Git passes over these; one in the place of a
 * tracked file is a change that cannot be recorded.
 */
export function isPassedOver({ key, reason }: ScanProblem, index: StagingIndex): boolean {
  if (reason !== 'special-file') return false
  const position = index.lowerBoundOfKey(key)
  return position === index.count || index.key(position) !== key
}
