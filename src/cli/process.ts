import { JzfsError } from '../model/errors.ts'
import { explainFsError } from '../store/fs-errors.ts'
import type { Context } from './context.ts'
import { EXIT, exitStatus } from './exit-status.ts'
import { runProgram } from './program.ts'
import { sayError } from './say-error.ts'
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
  process.stdout.on('error', leaveOnBrokenOutput)
  // Nobody listens to what is said: the work goes on.
  process.stderr.on('error', () => {})
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

/** Whoever reads our output may have seen enough (`| head`); a disk that it goes to may be full. */
function leaveOnBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  const explained = explainFsError(error, 'standard output')
  const { message, hint } = explained instanceof JzfsError ? explained : { message: error.message, hint: undefined }
  process.stderr.write(`jzfs: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`)
  process.exit(EXIT.fatal)
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
  sayError(terminal, error, asJson)
  return context.signal.aborted ? EXIT.interrupted : exitStatus(error, context.command)
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    process.stderr.write('jzfs: the directory you stand in is gone\nhint: cd to one that exists\n')
    return process.exit(EXIT.fatal)
  }
}
