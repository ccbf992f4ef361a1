import { askService } from '../../http/service/ask-service.ts'
import type { Health } from '../../http/service/health.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { openHomeHere } from '../network.ts'

/** How long an answer may take, in milliseconds: whoever watches a daemon wants to know that it hangs. */
const ANSWER_WAIT_MS = 5000

/** Prints whether the daemon of this home does its work; exits with 1 where it does not, or none runs. */
export async function showHealth(context: Context, flags: { json?: true }): Promise<void> {
  const health = await ask(context)
  if (health?.ready !== true) context.status = EXIT.partial
  if (flags.json) return context.terminal.json(health ?? { live: false, ready: false, checks: [], problems: 0 })
  if (health === undefined) return context.terminal.out('not running\n')
  const lines = [
    health.ready ? 'ready' : 'not ready',
    ...health.checks.flatMap(({ ok, name, message }) => (ok ? [] : [`${name}: ${message}`])),
    ...(health.problems === 0
      ? []
      : [`${health.problems} published that cannot be served: see \`jzfs daemon status\``]),
  ]
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
}

async function ask(context: Context): Promise<Health | undefined> {
  const late = AbortSignal.timeout(ANSWER_WAIT_MS)
  try {
    const answer = await askService(openHomeHere(context), '/health', {
      signal: AbortSignal.any([context.signal, late]),
    })
    return answer === undefined ? undefined : (JSON.parse(answer.body) as Health)
  } catch (error) {
    if (late.aborted) return undefined
    throw error
  }
}

/** Prints the metrics of the daemon of this home, as Prometheus reads them; exits with 1 where none runs. */
export async function showMetrics(context: Context): Promise<void> {
  const answer = await askService(openHomeHere(context), '/metrics', { signal: context.signal })
  if (answer !== undefined) return context.terminal.out(answer.body)
  context.status = EXIT.partial
  context.terminal.say('not running')
}
