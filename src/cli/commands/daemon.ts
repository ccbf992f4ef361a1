import { InvalidError } from '../../model/errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { openHomeHere, requireDaemon } from '../network.ts'
import { serveUntilStopped, startDaemonHere } from '../serve.ts'

interface RunFlags {
  port?: string
  httpPort?: string
  detach?: true
  logFormat?: string
  quiet?: true
  json?: true
}

/** `jzfs daemon`: runs the peer node of this home until it is stopped. */
export const daemon: CommandModule = {
  configure(command, context) {
    // Its subcommands have options by the same names.
    command.enablePositionalOptions()
    command
      .option('-d, --detach', 'run in the background, and return when it is ready')
      .option('--port <number>', 'listen on this TCP port instead of the last one')
      .option('--http-port <number>', 'listen for HTTP on this TCP port (0: any)')
      .option('--log-format <format>', 'also show the log on standard error: auto, json or pretty')
      .option('-q, --quiet', 'print nothing but errors')
      .option('--json', 'print one JSON document when it is ready')
      .action((flags: RunFlags) => (flags.detach === true ? detach(context, flags) : run(context, flags)))
    command
      .command('stop')
      .description('stop the daemon of this home')
      .action(async () => {
        const { stopRunningDaemon } = await import('../daemon/stop-daemon.ts')
        const pid = await stopRunningDaemon(context)
        await context.terminal.out(`stopped the daemon (pid ${pid})\n`)
      })
    command
      .command('restart')
      .description('stop the daemon of this home, and start it in the background')
      .option('--json', 'print one JSON document when it is ready')
      .action((flags: { json?: true }) => restart(context, flags))
    command
      .command('status')
      .description('show what the daemon of this home does')
      .option('--json', 'print one JSON document')
      .action((flags: { json?: true }) => status(context, flags))
    command
      .command('health')
      .description('show whether the daemon does its work; exit with 1 where it does not')
      .option('--json', 'print one JSON document')
      .action(async (flags: { json?: true }) => {
        const { showHealth } = await import('../daemon/show-health.ts')
        await showHealth(context, flags)
      })
    command
      .command('metrics')
      .description('print what is measured, as Prometheus reads it')
      .action(async () => {
        const { showMetrics } = await import('../daemon/show-health.ts')
        await showMetrics(context)
      })
    command
      .command('logs')
      .description('show the end of the log')
      .option('-n, --lines <number>', 'how many lines', '20')
      .option('-f, --follow', 'go on with what is added, until it is interrupted')
      .option('--json', 'print the lines as they stand in the file')
      .action(async (flags: { lines: string; follow?: true; json?: true }) => {
        const { showLog } = await import('../daemon/show-log.ts')
        await showLog(context, openHomeHere(context).layout.log, flags)
      })
  },
}

async function run(context: Context, flags: RunFlags): Promise<void> {
  const home = openHomeHere(context)
  const running = await startDaemonHere(context, home, {
    port: flags.port === undefined ? undefined : readPort(flags.port),
    httpPort: flags.httpPort === undefined ? undefined : readPort(flags.httpPort),
    logFormat: flags.logFormat === undefined ? undefined : readFormat(flags.logFormat),
  })
  const { peerId } = running.node
  const addresses = running.node.addresses()
  const { http, profile } = running.state
  if (flags.json)
    await context.terminal.json({ pid: process.pid, peerId, addresses, http, home: home.layout.directory })
  else if (flags.quiet !== true) {
    await context.terminal.out(`peer ${peerId}\n${listening(addresses, http)}${reaching(profile)}`)
    context.terminal.say('Ready. Press Ctrl-C to stop.')
  }
  await serveUntilStopped(context, running, { quiet: flags.quiet === true })
}

function listening(addresses: readonly string[], http: string | undefined): string {
  return [...addresses, ...(http === undefined ? [] : [http])].map((address) => `listening on ${address}\n`).join('')
}

/** Says that the node reaches further than this machine, where it does. */
function reaching(profile: string): string {
  if (profile === 'loopback') return ''
  return `reaching ${profile === 'lan' ? 'the local network' : 'the Internet'} (network.profile ${profile})\n`
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidError('usage', `this is no TCP port: ${text}`, { hint: 'a port is a number from 0 to 65535' })
}

function readFormat(text: string): 'auto' | 'json' | 'pretty' {
  if (text === 'auto' || text === 'json' || text === 'pretty') return text
  throw new InvalidError('usage', `there is no format "${text}" of logs`, { hint: 'give auto, json or pretty' })
}

async function detach(context: Context, flags: RunFlags): Promise<void> {
  const port = flags.port === undefined ? [] : ['--port', String(readPort(flags.port))]
  const httpPort = flags.httpPort === undefined ? [] : ['--http-port', String(readPort(flags.httpPort))]
  const { startDetached } = await import('../daemon/start-detached.ts')
  const { pid, peerId, addresses, http, profile, home, log } = await startDetached(context, [...port, ...httpPort])
  if (flags.json) return context.terminal.json({ pid, peerId, addresses, http, home, log })
  if (flags.quiet === true) return
  const where = `${listening(addresses, http)}${reaching(profile)}`
  await context.terminal.out(`started the daemon (pid ${pid})\npeer ${peerId}\n${where}log ${log}\n`)
}

/** A restarted daemon listens where it did: it knows its last port. */
async function restart(context: Context, flags: { json?: true }): Promise<void> {
  const { stopRunningDaemon } = await import('../daemon/stop-daemon.ts')
  const { http } = await (await requireDaemon(context)).status({ signal: context.signal })
  const pid = await stopRunningDaemon(context)
  if (flags.json !== true) await context.terminal.out(`stopped the daemon (pid ${pid})\n`)
  await detach(context, http === undefined ? flags : { ...flags, httpPort: new URL(http).port })
}

async function status(context: Context, flags: { json?: true }): Promise<void> {
  const found = await (await requireDaemon(context)).status({ signal: context.signal })
  if (flags.json) return context.terminal.json(found)
  const { statusText } = await import('../daemon/status-text.ts')
  await context.terminal.out(statusText(found))
}
