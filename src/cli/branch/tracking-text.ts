import type { TrackingState } from '../../repo/remote/tracking-state.ts'
import { shortUpstream } from '../../repo/remote/upstream.ts'

/** `[origin/main: ahead 1, behind 2]` as `branch -vv` has it; `[ahead 1, behind 2]` without the name; '' where nothing is to be said. */
export function trackingText(state: TrackingState | undefined, { isNamed }: { isNamed: boolean }): string {
  if (state === undefined || (isNamed && state.tracking === undefined)) return ''
  const distance = distanceText(state)
  if (!isNamed) return distance === '' ? '' : `[${distance}]`
  return `[${shortUpstream(state)}${distance === '' ? '' : `: ${distance}`}]`
}

/** `ahead 1, behind 2`, `gone`; '' where both are at one commit, or that was not counted. */
export function distanceText({ tracking, commit, distance }: TrackingState): string {
  if (tracking === undefined) return ''
  if (commit === undefined) return 'gone'
  if (distance === undefined) return ''
  const { ahead, behind } = distance
  return [ahead > 0 ? `ahead ${ahead}` : [], behind > 0 ? `behind ${behind}` : []].flat().join(', ')
}

/** What a branch follows, as JSON shows it; null where it follows nothing. */
export function trackingDocument(state: TrackingState | undefined): object | null {
  if (state === undefined) return null
  const { remote, ref, tracking, commit, distance } = state
  return {
    remote,
    ref,
    tracking: tracking ?? null,
    commit: commit ?? null,
    ahead: distance?.ahead ?? null,
    behind: distance?.behind ?? null,
  }
}
