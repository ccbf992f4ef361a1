import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Repository } from '../../repo/repository.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { type Transferred, transferWants } from '../remote/transfer-wants.ts'
import type { BundleFile } from './bundle-file.ts'
import { bundlePeer } from './bundle-remote.ts'
import { rootsOf } from './write-bundle.ts'

export interface StoreBundleOptions extends AbortOptions {
  /** Whether a commit is here with all it reaches. */
  isHere(commit: CID): Promise<boolean>
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/**
 * Stores the blocks of a bundle, verified, without a ref that names them: they stay for as long as those of an interrupted
 * transfer. Throws what `verifyBundle` throws.
 */
export async function storeBundle(
  repository: Repository,
  bundle: BundleFile,
  { isHere, signal, onProgress }: StoreBundleOptions,
): Promise<Transferred> {
  const peer = bundlePeer(bundle, bundle.path, { local: repository.store, isHere })
  const { prerequisites: haves } = bundle
  return transferWants({ repository, peers: [peer], wants: rootsOf(bundle), haves, wanted: 'any', signal, onProgress })
}
