import { request } from 'node:http'
import { text } from 'node:stream/consumers'

import type { AbortOptions } from '../../model/block.ts'
import { UnavailableError } from '../../model/errors.ts'
import { readDaemonState } from '../../node/home/daemon-state.ts'
import type { Home } from '../../node/home/home.ts'
import { fsErrorCode } from '../../store/fs-errors.ts'

/**
 * Asks the daemon of a home one of `SERVICE_ROUTES` over its control socket; undefined where none runs. Throws
 * UnavailableError `daemon-gone` where it ends meanwhile.
 */
export async function askService(
  home: Home,
  path: '/metrics' | '/health',
  { signal }: AbortOptions = {},
): Promise<{ status: number; body: string } | undefined> {
  const socketPath = readDaemonState(home)?.socket
  if (socketPath === undefined) return undefined
  const asked = request({ socketPath, path, agent: false, ...(signal === undefined ? {} : { signal }) })
  try {
    return await new Promise((resolve, reject) => {
      asked.once('error', reject).once('response', (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      asked.end()
    })
  } catch (error) {
    const code = fsErrorCode(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    if (code === undefined) throw error
    throw new UnavailableError('daemon-gone', 'the daemon ended before it answered', {
      hint: 'start it again: `jzfs daemon --detach`',
      cause: error,
    })
  } finally {
    asked.destroy()
  }
}
