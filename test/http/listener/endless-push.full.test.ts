import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { SYNC_TYPE } from '../../../src/http/asker-signature.ts'
import { runDaemon } from '../../../src/http/run-daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { DEFAULT_PEER_LIMITS } from '../../../src/node/network/peer-limits.ts'
import { encodePush } from '../../../src/sync/protocol/messages/push-message.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const limits = { ...DEFAULT_PEER_LIMITS, idleTimeoutMs: 100 }

it('a push that is refused and goes on for ever is hung up on', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const daemon = await runDaemon({ home, version: '0', command: 'x', now: () => new Date(), httpPort: 0, limits })
  onTestFinished(() => daemon.stop())
  const request = httpRequest(`${daemon.state.http}/none/sync`, {
    method: 'POST',
    headers: { 'content-type': SYNC_TYPE, 'transfer-encoding': 'chunked' },
  })
  let sent = 0
  const closed = new AbortController()
  request.on('error', () => undefined).on('close', () => closed.abort())
  const answered = once(request, 'response')
  request.write(
    encodePush({ updates: [{ name: 'refs/heads/x', before: undefined, after: someCommit(1) }], haves: [], resume: 0 }),
  )
  const [response] = (await answered) as [import('node:http').IncomingMessage]
  response.on('error', () => undefined)
  expect(Buffer.concat(await Array.fromAsync(response)).toString()).toContain('"code":"repository-unknown"')
  const piece = Buffer.alloc(1 << 20)
  while (!closed.signal.aborted && sent < 1000) {
    sent++
    if (!request.write(piece)) await Promise.race([once(request, 'drain'), once(request, 'close')])
  }
  expect(sent).toBeLessThan(100)
})
