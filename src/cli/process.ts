import { JzfsError } from '../model/errors.ts'
import type { Context } from './context.ts'
import { EXIT, exitStatus } from './exit-status.ts'
import { runProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

/** Runs jzfs as this process: its arguments, environment, terminal and signals. */
export async function runProcess(): Promise<void> {
  const argv = process.argv.slice(2)
  const stop = new AbortController()
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted)
    stop.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })
  const context: Context = {
    cwd: currentDirectory(),
    env: process.env,
    signal: stop.signal,
    terminal: createTerminal(process.stdout, process.stderr, process.env),
    commandLine: ['jzfs', ...argv].join(' '),
    status: EXIT.ok,
    now: () => new Date(),
  }
  try {
    await runProgram(argv, context)
    process.exitCode = context.status
  } catch (error) {
    process.exitCode = explain(error, context, argv.includes('--json'))
  }
}

/** Says what went wrong, on standard error, and gives the exit status. */
function explain(error: unknown, context: Context, asJson: boolean): number {
  const { terminal } = context
  if (context.signal.aborted && !(error instanceof JzfsError)) {
    terminal.say('jzfs: interrupted')
    return EXIT.interrupted
  }
  if (!(error instanceof JzfsError)) {
    terminal.say(`jzfs: this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return EXIT.fatal
  }
  if (asJson) {
    const { code, family, message, hint, details } = error
    terminal.say(
      JSON.stringify({ error: { code, family, message, hint, ...details } }, (_, value: unknown) => textual(value)),
    )
  } else {
    terminal.say(`jzfs: ${error.message}`)
    if (error.hint !== undefined) terminal.say(`hint: ${error.hint}`)
  }
  return context.signal.aborted ? EXIT.interrupted : exitStatus(error)
}

function textual(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    process.stderr.write('jzfs: the directory you stand in is gone\nhint: cd to one that exists\n')
    return process.exit(EXIT.fatal)
  }
}
