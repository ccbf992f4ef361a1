import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import type { Repository } from '../../repo/repository.ts'
import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'

/** A ref that names a commit. */
export interface Decoration {
  /** `HEAD`, or the full name of a branch or tag. */
  ref: string
  /** The branch that HEAD stands on, on the decoration of HEAD. */
  branch?: string
}

/** The refs by the text CID of the commit that they name, in git's order: HEAD first, then tags, then branches. */
export type Decorations = ReadonlyMap<string, readonly Decoration[]>

/** Reads the refs that commits are shown with: HEAD, branches and tags; annotated tags stand at what they tag. */
export async function readDecorations({ refs, store }: Repository): Promise<Decorations> {
  const found = new Map<string, Decoration[]>()
  const note = (id: string, decoration: Decoration) => found.set(id, [...(found.get(id) ?? []), decoration])
  const [head, commit] = [await refs.head(), await refs.headCommit()]
  const branch = 'branch' in head ? head.branch : undefined
  if (commit !== undefined) note(commit.toString(), { ref: 'HEAD', ...(branch !== undefined && { branch }) })
  for (const ref of (await refs.list()).toReversed()) {
    if (!/^refs\/(?:heads|tags|remotes)\//.test(ref.name) || ref.name === branch) continue
    note((await peelTags(store, ref)).toString(), { ref: ref.name })
  }
  return found
}

/** How decorations are shown: names in short (`main`, `tag: v1`) or full. */
export type DecorationStyle = 'short' | 'full'

/** `HEAD -> main, tag: v1`, in git's colours. */
export function renderDecorations(
  terminal: Pick<Terminal, 'color'>,
  decorations: readonly Decoration[],
  style: DecorationStyle,
): string {
  const separator = styled(terminal, 'yellow', ', ')
  return decorations
    .map(({ ref, branch }) => {
      if (ref !== 'HEAD') return named(terminal, ref, style)
      if (branch === undefined) return styled(terminal, ['cyan', 'bold'], 'HEAD')
      return styled(terminal, ['cyan', 'bold'], 'HEAD -> ') + named(terminal, branch, style)
    })
    .join(separator)
}

function named(terminal: Pick<Terminal, 'color'>, ref: string, style: DecorationStyle): string {
  const name = style === 'full' ? ref : ref.replace(/^refs\/(?:heads|tags|remotes)\//, '')
  if (ref.startsWith('refs/tags/')) return styled(terminal, ['yellow', 'bold'], `tag: ${name}`)
  return styled(terminal, [ref.startsWith('refs/heads/') ? 'green' : 'red', 'bold'], name)
}

async function peelTags(store: Repository['store'], { cid }: Ref) {
  let object = cid
  try {
    while (object.code === DAG_JSON) {
      const bytes = await store.get(object)
      if (nodeType(object, bytes) !== 'jzfs/tag/1') return object
      object = decodeTag(object, bytes).object
    }
  } catch (error) {
    // A ref may name what was not fetched.
    if (!(error instanceof NotFoundError)) throw error
  }
  return object
}
