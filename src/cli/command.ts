import type { Command } from 'commander'

import type { Context } from './context.ts'

/** One command: a file in `commands` exports one. It is loaded only when it is the one that was asked for. */
export interface CommandModule {
  /** Options whose value must be attached (`--decorate=full`, `-n3`), with what they mean without one. */
  attachedValues?: Readonly<Record<string, string>>
  /** Declares arguments and options, and the actions, which import what they need when they run. */
  configure(command: Command, context: Context): void
}

/** The line of a command in the table of all of them. */
export interface CommandEntry {
  name: string
  /** Imperative, no final period. */
  summary: string
  load(): Promise<CommandModule>
}

/** A heading of the help text and the commands below it. */
export interface CommandGroup {
  heading: string
  commands: CommandEntry[]
}
