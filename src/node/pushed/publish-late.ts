import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { Home } from '../home/home.ts'
import type { RegisteredRepository } from '../home/repository-registry.ts'
import type { ServedBlocks } from '../offer/served-blocks.ts'
import { publishPushed } from './publish-pushed.ts'
import { listPushNotes } from './push-notes.ts'

/** What is published late. */
export interface PublishLateOptions extends AbortOptions {
  home: Home
  served: ServedBlocks
  /** Those that are looked at. */
  repositories: readonly RegisteredRepository[]
  command: string
  now(): Date
  /** Told of a repository of which something was. */
  onPublishedLate?: ((registered: RegisteredRepository) => void) | undefined
  /** Told of what cannot be published; the others are. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/** Publishes what pushes did to repositories before their node was killed: see `publishPushed`. */
export async function publishLate(options: PublishLateOptions): Promise<void> {
  const { home, served, repositories, command, now, onPublishedLate, onProblem, signal } = options
  for (const registered of repositories) {
    try {
      if (listPushNotes(home, registered.id).length === 0) continue
      const repository = await served.repository(registered)
      if ((await publishPushed(home, repository, { command, now: now(), signal })) > 0) onPublishedLate?.(registered)
    } catch (error) {
      if (signal?.aborted === true) return
      if (!(error instanceof JzfsError)) throw error
      onProblem?.(error)
    }
  }
}
