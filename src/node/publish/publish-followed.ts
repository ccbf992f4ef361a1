import { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import type { ServedBlocks } from '../offer/served-blocks.ts'
import { publishLate } from '../pushed/publish-late.ts'
import { publishRefs, type RepositoryPublication } from './publish.ts'

/** How what is published is kept so. */
export interface KeepPublishingOptions {
  home: Home
  served: ServedBlocks
  command: string
  now(): Date
  /** How often refs are looked at (default 2 s). */
  intervalMs?: number
  onPublished?: ((publication: RepositoryPublication) => void) | undefined
  /** Told of a repository of which pushes were published that had moved its refs before. */
  onPublishedLate?: ((registered: RegisteredRepository) => void) | undefined
  /** Told once of what cannot be published, until it is another problem. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/** A ref is one small file: so often it costs nothing that could be noticed. */
const INTERVAL_MS = 2000

/**
 * Publishes at once what pushes did whose node was killed before it could, and refs that follow again whenever they have moved.
 * Returns what ends it.
 */
export function keepPublishing({ intervalMs = INTERVAL_MS, ...options }: KeepPublishingOptions): () => Promise<void> {
  const stop = new AbortController()
  const problems = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  const lookLater = (): void => {
    if (!stop.signal.aborted) timer = setTimeout(look, intervalMs)
  }
  const look = (): void => {
    running = publishMoved(options, problems, stop.signal).finally(lookLater)
  }
  let running = publishLate({ ...options, repositories: listIfReadable(options.home), signal: stop.signal }).finally(
    lookLater,
  )
  return async () => {
    stop.abort()
    clearTimeout(timer)
    await running
  }
}

async function publishMoved(
  { home, served, command, now, onPublished, onProblem }: Omit<KeepPublishingOptions, 'intervalMs'>,
  problems: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  for (const registered of listFollowing(home)) {
    try {
      const repository = await served.repository(registered)
      const refs = await movedRefs(registered, repository)
      const isOld = registered.manifest === undefined
      if (isOld || refs.length > 0)
        onPublished?.(
          await publishRefs(home, { repository, refs, ifStillPublished: true, command, now: now(), signal }),
        )
      problems.delete(registered.id)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof JzfsError)) throw error
      if (problems.get(registered.id) === error.message) continue
      problems.set(registered.id, error.message)
      onProblem?.(error)
    }
  }
}

/** The repositories of which something may have to be published. */
function listFollowing(home: Home): RegisteredRepository[] {
  return listIfReadable(home).filter(
    // What an earlier version published has no manifest, and its lists of blocks had another form: it is published as it was.
    (each) => each.manifest === undefined || publishedRefsOf(each).some(({ follows }) => follows === true),
  )
}

function listIfReadable(home: Home): RegisteredRepository[] {
  try {
    return home.repositories.list()
  } catch (error) {
    // A damaged registry is told by those who serve from it.
    if (error instanceof JzfsError) return []
    throw error
  }
}

/** A ref that is gone stays published as it was: only a command takes it back. */
async function movedRefs(registered: RegisteredRepository, { refs }: Repository): Promise<string[]> {
  const moved: string[] = []
  for (const { ref, cid, follows } of publishedRefsOf(registered)) {
    if (follows !== true) continue
    const now = await refs.read(ref)
    if (now !== undefined && now.toString() !== cid) moved.push(ref)
  }
  return moved
}
