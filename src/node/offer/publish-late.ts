import type { Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { publishRefs } from '../publish/publish.ts'

/**
 * Publishes what pushes have moved and did not publish: the node was killed in between, or could not do it. Else whoever pushes next
 * would be told of refs that are no longer there, again and again.
 *
 * Only refs that are published, and that a push moved last: what the owner moved is published when the owner says so. Throws what
 * `publishRefs` throws.
 */
export async function publishLate(
  home: Home,
  repository: Repository,
  registered: RegisteredRepository,
  options: { command: string; now: Date },
): Promise<void> {
  const current = new Map((await repository.refs.list()).map(({ name, cid }) => [name, cid.toString()]))
  const late: string[] = []
  for (const { ref, cid } of publishedRefsOf(registered)) {
    const isMoved = cid !== undefined && current.has(ref) && current.get(ref) !== cid
    if (isMoved && (await wasPushed(repository, ref, registered))) late.push(ref)
  }
  if (late.length > 0) await publishRefs(home, { repository, refs: late, ifStill: 'published', ...options })
}

/** Whether a push over the wire moved it last: by the name of who pushed, see `createHomeReceiver`. */
async function wasPushed({ refs }: Repository, ref: string, { writers = [] }: RegisteredRepository): Promise<boolean> {
  for await (const { message, person } of refs.log(ref)) {
    return message === 'push' && [...writers, THIS_NODE].includes(person.name)
  }
  return false
}

/** Who pushes as the node's own user. */
const THIS_NODE = 'this node'
