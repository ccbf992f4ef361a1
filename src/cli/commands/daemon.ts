import { InvalidError, JzfsError, UnavailableError } from '../../model/errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { openHomeHere, requireDaemon } from '../network.ts'
import { serveUntilStopped, startDaemonHere } from '../serve.ts'

/** `jzfs daemon`: runs the peer node of this home until it is stopped. */
export const daemon: CommandModule = {
  configure(command, context) {
    command
      .option('--port <number>', 'listen on this TCP port instead of the last one')
      .option('--json', 'print one JSON document when it is ready')
      .action((flags: { port?: string; json?: true }) => run(context, flags))
    command
      .command('stop')
      .description('stop the daemon of this home')
      .action(() => stop(context))
    command
      .command('status')
      .description('show what the daemon of this home does')
      .option('--json', 'print one JSON document')
      .action((flags: { json?: true }) => status(context, flags))
  },
}

async function run(context: Context, flags: { port?: string; json?: true }): Promise<void> {
  const home = openHomeHere(context)
  const running = await startDaemonHere(context, home, flags.port === undefined ? undefined : readPort(flags.port))
  const { peerId } = running.node
  const addresses = running.node.addresses()
  if (flags.json) await context.terminal.json({ pid: process.pid, peerId, addresses, home: home.layout.directory })
  else {
    await context.terminal.out(`peer ${peerId}\n${addresses.map((address) => `listening on ${address}\n`).join('')}`)
    context.terminal.say('Ready. Press Ctrl-C to stop.')
  }
  await serveUntilStopped(context, running)
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidError('usage', `this is no TCP port: ${text}`, { hint: 'a port is a number from 0 to 65535' })
}

async function stop(context: Context): Promise<void> {
  const client = await requireDaemon(context)
  const { pid } = await client.status()
  await client.stop()
  await waitForEnd(context, pid)
  await context.terminal.out(`stopped the daemon (pid ${pid})\n`)
}

/** How long the streams that are open may take to end. */
const STOP_WAIT_MS = 30_000

/** The daemon's lock is free when all else has ended: whoever starts one next is not refused. */
async function waitForEnd(context: Context, pid: number): Promise<void> {
  const { acquireLock } = await import('../../store/lock/lock.ts')
  const { daemonLock } = openHomeHere(context).layout
  const { commandLine: command, signal } = context
  try {
    const lock = await acquireLock(daemonLock, { command, waitMs: STOP_WAIT_MS, signal })
    lock.release()
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'locked') throw error
    throw new UnavailableError('daemon-busy', `the daemon still runs after ${STOP_WAIT_MS / 1000} s (pid ${pid})`, {
      hint: `it ends by itself when it can; else: kill ${pid}`,
      details: { pid },
    })
  }
}

async function status(context: Context, flags: { json?: true }): Promise<void> {
  const client = await requireDaemon(context)
  const found = await client.status()
  if (flags.json) return context.terminal.json(found)
  const lines = [
    `pid ${found.pid}, jzfs ${found.version}, since ${found.startedAt}`,
    `peer ${found.peerId}, ${found.connections} connection${found.connections === 1 ? '' : 's'}`,
    ...found.addresses.map((address) => `listening on ${address}`),
    ...found.names.map((name) => `serving ipns://${name}`),
    ...found.problems.map(({ name, message }) => `problem with ${name}: ${message}`),
  ]
  await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
}
