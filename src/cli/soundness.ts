import { shortenCid } from '../model/cid-text.ts'
import { counted } from '../model/counted.ts'
import { quoteName } from '../model/quote-name.ts'
import type { VerifyFinding, VerifyProgress } from '../repo/verify/verify-run.ts'
import type { StoreFinding } from '../store/check-store.ts'
import { formatBytes } from './progress.ts'

/** What a check says that found nothing: `All is sound: 2 commits, 3 files, 11 blocks, 1.2 KiB`. */
export function soundLine({ commits, files, blocks, bytes }: VerifyProgress): string {
  const history = commits === 0 ? [] : [counted(commits, 'commit')]
  const counts = [...history, counted(files, 'file'), counted(blocks, 'block'), formatBytes(bytes)]
  return `All is sound: ${counts.join(', ')}`
}

/** A line for something damaged in the store. */
export function storeLine({ code, message, hasSoundCopy }: Omit<StoreFinding, 'path' | 'cid'>): string {
  return `${code}: ${message}${hasSoundCopy ? ' (there is a sound copy)' : ''}`
}

/** A line for something missing or wrong in what a revision reaches. */
export function findingLine({ code, cid, message, revision, commit, path }: VerifyFinding): string {
  const place = [
    ...(path === undefined ? [] : [path === '' ? 'the root directory' : quoteName(path)]),
    ...(commit === undefined || commit.equals(cid) ? [] : [`commit ${shortenCid(commit)}`]),
    revision,
  ].join(', ')
  if (code === 'block-missing') return `missing ${cid.toString()}: ${place}`
  if (code === 'block-corrupt') return `corrupt ${cid.toString()}: ${place}`
  return `${code} ${cid.toString()}: ${place}: ${message}`
}
