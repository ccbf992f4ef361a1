import type { VerifyProgress } from '../repo/verify/verify-run.ts'
import type { StoreFinding } from '../store/check-store.ts'
import { formatBytes } from './progress.ts'

/** What a check says that found nothing: `All is sound: 2 commits, 3 files, 11 blocks, 1.2 KiB`. */
export function soundLine({ commits, files, blocks, bytes }: VerifyProgress): string {
  const history = commits === 0 ? [] : [count(commits, 'commit')]
  const counts = [...history, count(files, 'file'), count(blocks, 'block'), formatBytes(bytes)]
  return `All is sound: ${counts.join(', ')}`
}

/** A line for something damaged in the store. */
export function storeLine({ code, message, hasSoundCopy }: Omit<StoreFinding, 'path' | 'cid'>): string {
  return `${code}: ${message}${hasSoundCopy ? ' (there is a sound copy)' : ''}`
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
