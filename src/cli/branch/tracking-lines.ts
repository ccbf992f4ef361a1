import type { TrackingState } from '../../repo/remote/tracking-state.ts'
import { shortUpstream } from '../../repo/remote/upstream.ts'

/** What a status says of the branch and what it follows, in git's words. */
export function trackingLines(state: TrackingState | undefined): string[] {
  if (state?.tracking === undefined) return []
  const name = shortUpstream(state)
  if (state.commit === undefined) {
    return [
      `Your branch is based on '${name}', but the upstream is gone.`,
      '  (use "jzfs branch --unset-upstream" to fixup)',
      '',
    ]
  }
  const { distance } = state
  if (distance === undefined) {
    return [
      `Your branch and '${name}' refer to different commits.`,
      '  (use "jzfs status --ahead-behind" for details)',
      '',
    ]
  }
  return [...distanceLines(name, distance), '']
}

function distanceLines(name: string, { ahead, behind }: { ahead: number; behind: number }): string[] {
  if (ahead === 0 && behind === 0) return [`Your branch is up to date with '${name}'.`]
  if (behind === 0) {
    return [
      `Your branch is ahead of '${name}' by ${commits(ahead)}.`,
      '  (use "jzfs push" to publish your local commits)',
    ]
  }
  if (ahead === 0) {
    return [
      `Your branch is behind '${name}' by ${commits(behind)}, and can be fast-forwarded.`,
      '  (use "jzfs pull" to update your local branch)',
    ]
  }
  return [
    `Your branch and '${name}' have diverged,`,
    `and have ${ahead} and ${behind} different commits each, respectively.`,
    '  (use "jzfs pull" to merge the remote branch into yours)',
  ]
}

function commits(count: number): string {
  return `${count} commit${count === 1 ? '' : 's'}`
}
