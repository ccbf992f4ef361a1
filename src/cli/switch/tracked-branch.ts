import { InvalidError } from '../../model/errors.ts'
import type { SwitchRequest } from '../../worktree/switch/switch-goal.ts'
import { readTrackChoice, type TrackFlag } from '../branch/track-flags.ts'

/**
 * What `--track START` asks for without a name for the branch: the name is that of START at its remote. Undefined where no
 * `--track` was given. Throws InvalidError `usage` for a start that tells no name.
 */
export function trackedBranch(track: TrackFlag, start: string | undefined): SwitchRequest | undefined {
  if (track === undefined || track === false) return undefined
  const name = /^(?:refs\/)?(?:remotes\/)?[^/]+\/(.+)$/s.exec(start ?? '')?.[1]
  if (name !== undefined) return { create: name, start, track: readTrackChoice(track) }
  throw new InvalidError('usage', 'no name is given for the branch', {
    hint: 'name it with -c (`jzfs switch`) or -b (`jzfs checkout`)',
  })
}
