import { UnavailableError } from '../model/errors.ts'
import type { SyncProgress } from '../sync/protocol/receive-blocks.ts'
import type { Context } from './context.ts'
import { createProgressLine } from './progress.ts'

/**
 * Runs a transfer and shows how far it is. Where the user interrupts it after something came, which is kept, that is said:
 * UnavailableError `interrupted`.
 */
export async function withTransferProgress<Result>(
  { terminal, signal }: Pick<Context, 'terminal' | 'signal'>,
  work: (onProgress: (progress: SyncProgress) => void) => Promise<Result>,
): Promise<Result> {
  const line = createProgressLine(terminal, 'receiving')
  let hasBlocks = false
  try {
    return await work((progress) => {
      hasBlocks ||= progress.blocks > 0
      line.update(progress)
    })
  } catch (error) {
    if (!signal.aborted || !hasBlocks) throw error
    throw new UnavailableError('interrupted', 'interrupted', {
      hint: 'what came is kept: the same command goes on where it stopped',
      cause: error,
    })
  } finally {
    line.done()
  }
}
