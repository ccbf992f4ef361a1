import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { runDaemon } from '../../../src/http/run-daemon.ts'
import { askService } from '../../../src/http/service/ask-service.ts'
import { SERVICE_ROUTES } from '../../../src/http/service/service-routes.ts'
import { IntegrityError } from '../../../src/model/errors.ts'
import type { Daemon } from '../../../src/node/daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import type { LogFields } from '../../../src/sync/log.ts'
import { temporaryFolder } from '../../support/repository.ts'

const ask = async (daemon: Daemon, path: string) => {
  const answer = await SERVICE_ROUTES[`GET ${path}`]!(daemon)
  return {
    ...answer,
    json: answer.contentType === 'application/json' ? (JSON.parse(answer.body) as unknown) : undefined,
  }
}

describe('what monitors ask of a daemon', () => {
  it('is answered on its control socket, and counts what it does; its log tells the same', async () => {
    const entries: { event: string; fields: LogFields }[] = []
    const note = (fields: LogFields, event: string) => void entries.push({ fields, event })
    const home = openHome(join(temporaryFolder(), 'home'))
    expect(await askService(home, '/health')).toBeUndefined()
    const daemon = await runDaemon({
      home,
      version: '1.2.3',
      command: 'jzfs daemon',
      now: () => new Date(),
      log: { debug: note, info: note, warn: note, error: note },
    })
    onTestFinished(() => daemon.stop())
    const health = await askService(home, '/health')
    expect(health).toMatchObject({ status: 200 })
    expect(JSON.parse(health!.body)).toMatchObject({ live: true, ready: true, problems: 0 })

    await daemon.activity.exchange('12D3peer', 'libp2p', async () => ({
      kind: 'sync',
      wants: [],
      blocks: 3,
      bytes: 70,
    }))
    await daemon.activity.exchange('12D3peer', 'libp2p', async () => ({ kind: 'sync', refused: 'not-served' }))
    await daemon.activity.exchange('12D3peer', 'http', () => {
      throw new IntegrityError('peer-sent-malformed', 'nonsense came')
    })
    await daemon.activity.exchange('12D3peer', 'http', async () => ({ kind: 'push', blocks: 5, bytes: 90 }))
    daemon.activity.carriedStream('12D3other', { received: 9, sent: 4 }, 1.25)
    daemon.activity.refusedConnection('host', '127.0.0.2')
    const metrics = (await askService(home, '/metrics'))!.body
    for (const line of [
      'jzfs_build_info{version="1.2.3"} 1',
      'jzfs_connections{direction="inbound"} 0',
      'jzfs_exchanges_total{carrier="libp2p",kind="sync",outcome="served"} 1',
      'jzfs_exchanges_total{carrier="libp2p",kind="sync",outcome="refused"} 1',
      'jzfs_exchanges_total{carrier="http",kind="unknown",outcome="failed"} 1',
      'jzfs_refusals_total{code="not-served"} 1',
      'jzfs_refusals_total{code="peer-sent-malformed"} 1',
      'jzfs_exchange_duration_seconds_count{outcome="served"} 2',
      'jzfs_blocks_served_total{protocol="sync"} 3',
      'jzfs_served_bytes_total{protocol="sync"} 70',
      'jzfs_blocks_received_total 5',
      'jzfs_carried_streams_total 1',
      'jzfs_connections_refused_total{limit="host"} 1',
      'jzfs_network_bytes_total{direction="in"} 0',
      'jzfs_published{kind="name"} 0',
    ]) {
      expect(metrics.split('\n')).toContain(line)
    }
    // Every line is one that Prometheus reads, and every metric has its help and type before it.
    const sample = /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$/
    expect(
      metrics
        .trimEnd()
        .split('\n')
        .filter((line) => !sample.test(line)),
    ).toEqual([])

    await daemon.stop()
    expect(await ask(daemon, '/health/ready')).toMatchObject({
      status: 503,
      json: {
        live: true,
        ready: false,
        checks: expect.arrayContaining([{ name: 'running', ok: false, message: expect.any(String) }]),
      },
    })
    expect(await ask(daemon, '/health/live')).toMatchObject({ status: 200, json: { live: true } })
    expect(
      entries.map(({ event, fields: { code } }) => (typeof code === 'string' ? `${event} ${code}` : event)),
    ).toEqual([
      'daemon started',
      'exchange served',
      'exchange refused not-served',
      'exchange failed peer-sent-malformed',
      'exchange served',
      'stream carried',
      'connection refused',
      'daemon stops',
      'daemon stopped',
    ])
  })
})
