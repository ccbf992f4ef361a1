import { type ConfigChange, planConfig } from '../config/config-change.ts'
import { readConfigFile } from '../config/config-file.ts'
import { keysOf } from '../config/config-patterns.ts'
import type { Repository } from '../repository.ts'
import type { FollowedRef } from './tracking-start.ts'

/** What changes in the configuration for a branch to follow that, or nothing. The caller holds the lock. */
export function planUpstream(
  { layout }: Pick<Repository, 'layout'>,
  branch: string,
  followed: FollowedRef | undefined,
): ConfigChange[] {
  return planConfig(
    layout,
    new Map([
      [`branch.${branch}.remote`, followed?.remote],
      [`branch.${branch}.merge`, followed?.ref],
    ]),
  )
}

/** What changes for a branch that goes, and takes what was said of it along; or, with `after`, has another name. */
export function planBranchKeys(
  { layout }: Pick<Repository, 'layout'>,
  { before, after }: { before: string; after: string | undefined },
): ConfigChange[] {
  const document = readConfigFile(layout.config) ?? {}
  const values = new Map<string, unknown>(keysOf('branch', before).map((key) => [key, undefined]))
  const keysAfter = after === undefined ? [] : keysOf('branch', after)
  for (const [at, key] of keysOf('branch', before).entries()) {
    const renamed = keysAfter[at]
    if (renamed !== undefined) values.set(renamed, document[key])
  }
  return planConfig(layout, values)
}
