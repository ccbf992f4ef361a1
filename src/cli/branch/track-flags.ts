import { InvalidError } from '../../model/errors.ts'
import type { TrackChoice } from '../../repo/remote/tracking-start.ts'

/** The value that `--track` has on a command line: `direct` or `inherit`, or false for `--no-track`. */
export type TrackFlag = string | false | undefined

/** What `--track` means without a value, for the parser. */
export const TRACK_VALUES = { '--track': 'direct', '-t': 'direct' }

/** Reads `--track[=direct|inherit]` and `--no-track`. Throws InvalidError `usage`. */
export function readTrackChoice(flag: TrackFlag): TrackChoice {
  if (flag === undefined) return 'configured'
  if (flag === false) return 'none'
  if (flag === 'direct' || flag === 'inherit') return flag
  throw new InvalidError('usage', `there is no way to track called ${flag}`, { hint: 'there is direct and inherit' })
}
