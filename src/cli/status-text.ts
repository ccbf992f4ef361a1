import { quoteName } from '../model/quote-name.ts'
import type { Bisect } from '../repo/bisect/bisect-state.ts'
import type { TrackingState } from '../repo/remote/tracking-state.ts'
import { shortUpstream } from '../repo/remote/upstream.ts'
import type { Sequence } from '../repo/sequence/sequence.ts'
import type { Status } from '../worktree/status/status.ts'
import { trackingLines } from './branch/tracking-lines.ts'
import { distanceText } from './branch/tracking-text.ts'
import { bisectLines, sequenceLines } from './sequence-lines.ts'
import { describeConflict, describeStaged, describeUnstaged } from './status-letters.ts'
import { styled } from './style.ts'
import type { Terminal } from './terminal.ts'

/** Where HEAD is, for the first lines of a status. */
export interface HeadDescription {
  /** Short name; undefined when HEAD is detached. */
  branch: string | undefined
  /** Short form of the commit; undefined when there is none yet. */
  commit: string | undefined
  /** How the branch stands to what it follows. */
  tracking?: TrackingState | undefined
  /** What waits for its user. */
  sequence?: Sequence | undefined
  bisect?: Bisect | undefined
}

/** `## main...origin/main [ahead 1]`, as git's `--branch` prints it. */
export function headLine({ branch, commit, tracking }: HeadDescription): string {
  if (branch === undefined) return '## HEAD (no branch)'
  const name = commit === undefined ? `No commits yet on ${branch}` : branch
  if (tracking?.tracking === undefined) return `## ${name}`
  const isCounted = commit === undefined || tracking.commit === undefined || tracking.distance !== undefined
  const distance = isCounted ? distanceText(tracking) : 'different'
  return `## ${name}...${shortUpstream(tracking)}${distance === '' ? '' : ` [${distance}]`}`
}

/**
 * A status in git's short form: two letters and a path; renames as `OLD -> NEW`. Artefacts of conflicts, which git does not
 * have, are shown as `~~` where they are asked for.
 */
export function renderShortStatus(
  status: Status,
  shown: (path: string) => string = quoteName,
  options: { artefacts?: boolean } = {},
): string[] {
  // ` -> ` between two paths has to be told from one within a path.
  const show = (path: string) => quoteSpaces(shown(path))
  const artefacts = options.artefacts === true ? status.artefacts : []
  const lines = new Map<string, { x: string; y: string; text: string }>()
  for (const change of status.staged) {
    const text = change.from === undefined ? show(change.path) : `${show(change.from)} -> ${show(change.path)}`
    lines.set(change.path, { x: describeStaged(change).letter, y: ' ', text })
  }
  for (const { path, difference } of status.unstaged) {
    const line = lines.get(path) ?? { x: ' ', y: ' ', text: show(path) }
    lines.set(path, { ...line, y: describeUnstaged(difference).letter })
  }
  for (const conflict of status.conflicts) {
    const [x = 'U', y = 'U'] = describeConflict(conflict).letters
    lines.set(conflict.path, { x, y, text: show(conflict.path) })
  }
  const tracked = [...lines].sort(([a], [b]) => (Buffer.from(a) < Buffer.from(b) ? -1 : 1))
  return [
    ...tracked.map(([, { x, y, text }]) => `${x}${y} ${text}`),
    ...artefacts.map((path) => `~~ ${show(path)}`),
    ...status.untracked.map((path) => `?? ${show(path)}`),
    ...status.ignored.map((path) => `!! ${show(path)}`),
  ]
}

function quoteSpaces(text: string): string {
  return text.includes(' ') && !text.startsWith('"') ? `"${text}"` : text
}

/** Columns for the words of a conflict, as git has them. */
const CONFLICT_WIDTH = 17

/** A status in words, as git's. */
export function renderLongStatus(
  terminal: Pick<Terminal, 'color'>,
  head: HeadDescription,
  status: Status,
  show: (path: string) => string,
): string[] {
  const { staged, unstaged, untracked, ignored, conflicts, artefacts } = status
  const line = (color: 'green' | 'red', words: string, path: string, width = 12) =>
    `\t${styled(terminal, color, `${`${words}:`.padEnd(width)}${path}`)}`
  const plain = (path: string) => `\t${styled(terminal, 'red', show(path))}`
  const sections = [
    section('Changes to be committed:', 'use "jzfs restore --staged PATH" to unstage', staged, (change) => {
      const path = change.from === undefined ? show(change.path) : `${show(change.from)} -> ${show(change.path)}`
      return line('green', describeStaged(change).words, path)
    }),
    section('Unmerged paths:', `use ${waysToResolve(conflicts)} to mark them as resolved`, conflicts, (conflict) =>
      line('red', describeConflict(conflict).words, show(conflict.path), CONFLICT_WIDTH),
    ),
    section('Changes not staged for commit:', 'use "jzfs add PATH" to stage them', unstaged, ({ path, difference }) =>
      line('red', describeUnstaged(difference).words, show(path)),
    ),
    section('Theirs of conflicts:', 'never added; they go when the conflict is resolved', artefacts, plain),
    section('Untracked files:', 'use "jzfs add PATH" to include them in the next commit', untracked, plain),
    section('Ignored files:', 'use "jzfs add -f PATH" to include them all the same', ignored, plain),
  ]
  const progress = [...sequenceLines(head.sequence, conflicts.length > 0), ...bisectLines(head.bisect)]
  return [...headLines(head), ...progress, ...sections.flat(), ...conclusion(status)]
}

/** Where one side has removed a path, to remove it is a way as well. */
function waysToResolve(conflicts: Status['conflicts']): string {
  const mayGo = conflicts.some(({ stages }) => !stages.includes(2) || !stages.includes(3))
  return mayGo ? '"jzfs add PATH" or "jzfs rm PATH"' : '"jzfs add PATH"'
}

function headLines({ branch, commit, tracking }: HeadDescription): string[] {
  const where = branch === undefined ? `HEAD detached at ${commit ?? 'nothing'}` : `On branch ${branch}`
  return commit === undefined ? [where, '', 'No commits yet', ''] : [where, ...trackingLines(tracking)]
}

function section<Item>(title: string, hint: string, items: Item[], render: (item: Item) => string): string[] {
  return items.length === 0 ? [] : [title, `  (${hint})`, ...items.map(render), '']
}

function conclusion({ staged, unstaged, untracked, conflicts }: Status): string[] {
  if (staged.length > 0) return []
  if (conflicts.length > 0 || unstaged.length > 0) return ['no changes added to commit']
  if (untracked.length > 0) return ['nothing added to commit but untracked files present']
  return ['nothing to commit, working tree clean']
}
