import { InvalidError } from '../../model/errors.ts'
import { peerIdOfName } from '../../node/home/ed25519-key.ts'
import type { Audience } from '../../node/home/repository-registry.ts'
import { parseIpnsName } from '../../sync/names/ipns-name.ts'

/** The audience that `--to` and `--public` choose; undefined for as before. */
export function chosenAudience({ to, public: isPublic }: { to?: string[]; public?: true }): Audience | undefined {
  if (isPublic) return 'public'
  return to === undefined ? undefined : { peers: to.map(readPeerId) }
}

/** A peer id as a user wrote it, also as a name. Throws InvalidError `peer-id-invalid` (details: `peer`). */
export function readPeerId(text: string): string {
  const id = peerIdOf(text)
  if (id !== undefined) return id
  throw new InvalidError('peer-id-invalid', `${JSON.stringify(text)} is no peer id`, {
    hint: 'it looks like 12D3Koo…: `jzfs id` shows the one of a node',
    details: { peer: text },
  })
}

function peerIdOf(text: string): string | undefined {
  try {
    const name = parseIpnsName(text)
    // An id of another kind of key than ours is a hash, and stands for itself.
    return peerIdOfName(name) ?? (text.startsWith('Qm') ? text : undefined)
  } catch {
    return undefined
  }
}
