import { expect, test } from 'vitest'

import type { Terminal } from '../../src/cli/terminal.ts'
import { withTransferProgress } from '../../src/cli/transfer-progress.ts'

const terminal = { showsProgress: false } as Terminal

test.each([
  ['after blocks came', 3, true, { code: 'interrupted', hint: expect.stringContaining('same command') as string }],
  ['before a block came', 0, true, { name: 'AbortError' }],
  ['by itself, after blocks came', 3, false, { message: 'broken' }],
])('a transfer that ends %s', async (_, blocks, isInterrupted, error) => {
  const stop = new AbortController()
  const ended = withTransferProgress({ terminal, signal: stop.signal }, async (onProgress) => {
    onProgress({ blocks, bytes: 0, totalBlocks: 5 })
    if (isInterrupted) stop.abort()
    stop.signal.throwIfAborted()
    throw new Error('broken')
  })
  await expect(ended).rejects.toMatchObject(error)
})
