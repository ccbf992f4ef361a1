import { type ConfigChange, planConfig } from '../../repo/config/config-change.ts'
import type { Repository } from '../../repo/repository.ts'

/**
 * Whether a remote was signed by a name and none is trusted for it yet: the first one that is seen is trusted from then
 * on (`remote.NAME.trustedName`).
 */
export function isNewSigner(
  { config }: Pick<Repository, 'config'>,
  remote: string | undefined,
  signer: string | undefined,
): boolean {
  return remote !== undefined && signer !== undefined && config.get(`remote.${remote}.trustedName`) === undefined
}

/** What changes in the configuration for the name to be trusted. The caller holds the lock. */
export function planSigner(
  layout: Repository['layout'],
  remote: string | undefined,
  signer: string | undefined,
): ConfigChange[] {
  return remote === undefined ? [] : planConfig(layout, new Map([[`remote.${remote}.trustedName`, signer]]))
}
