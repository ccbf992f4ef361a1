import type { AbortOptions } from '../../model/block.ts'

/**
 * Waits for a promise, but not for ever: rejects with what `onTimeout` makes after so many milliseconds, or with the
 * signal's reason. The work behind the promise goes on; whoever gives up stops it.
 */
export function withIdleTimeout<T>(
  work: Promise<T>,
  { idleTimeoutMs, onTimeout, signal }: { idleTimeoutMs: number; onTimeout: () => Error } & AbortOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      stop()
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(
      () => {
        stop()
        reject(onTimeout())
      },
      Math.max(0, idleTimeoutMs),
    )
    const stop = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    work.then(resolve, reject).finally(stop)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort)
  })
}
