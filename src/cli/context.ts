import type { Terminal } from './terminal.ts'

/** What a command may know of the world outside: only this layer reads it, and passes on plain values. */
export interface Context {
  /** Absolute path of the directory the user stands in. */
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal
  terminal: Terminal
  /** The command line as typed, for the operation log and for messages about locks. */
  commandLine: string
  /** The command that runs, with its subcommand (`remote rm`); unset before it is found. */
  command?: string
  /** The exit status; a command sets it where it is not 0 and nothing is thrown. */
  status: number
  now(): Date
}
