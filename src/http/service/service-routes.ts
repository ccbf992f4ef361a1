import type { Daemon } from '../../node/daemon.ts'
import { METRICS_CONTENT_TYPE } from '../../node/metrics/metric-registry.ts'
import { healthOf } from './health.ts'

/** An answer that is a text, whole. */
export interface ServiceAnswer {
  status: 200 | 503
  contentType: string
  body: string
}

/** What answers a question about the service. */
export type ServiceRoute = (daemon: Daemon) => Promise<ServiceAnswer>

/**
 * What monitors ask of the daemon, by method and path, on its control socket and on its HTTP listener. `/health` and
 * `/health/ready` are 503 where it is not ready; `/health/live` is 200 as long as it answers; `/metrics` is Prometheus's text.
 */
export const SERVICE_ROUTES: Readonly<Record<string, ServiceRoute | undefined>> = {
  'GET /metrics': async ({ activity }) => ({
    status: 200,
    contentType: METRICS_CONTENT_TYPE,
    body: await activity.metrics.text(),
  }),
  'GET /health': ready,
  'GET /health/ready': ready,
  'GET /health/live': async () => json(200, { live: true }),
}

async function ready(daemon: Daemon): Promise<ServiceAnswer> {
  const health = await healthOf(daemon)
  return json(health.ready ? 200 : 503, health)
}

function json(status: 200 | 503, value: object): ServiceAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}
