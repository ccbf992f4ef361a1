import { Command, CommanderError } from 'commander'

import { InvalidError } from '../model/errors.ts'
import { nearestNames } from '../model/nearest.ts'
import { COMMAND_GROUPS } from './command-table.ts'
import type { CommandEntry } from './command.ts'
import type { Context } from './context.ts'
import { EXIT } from './exit-status.ts'
import { VERSION } from './version.ts'

/** Runs one command line: finds the command, loads it alone, parses its arguments and runs it. */
export async function runProgram(argv: string[], context: Context): Promise<void> {
  const [first, ...rest] = argv
  if (first === '--version' || first === '-V') return context.terminal.out(`jzfs ${VERSION}\n`)
  if (first === undefined) {
    context.status = EXIT.usage
    return context.terminal.out(overview())
  }
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0))
    return context.terminal.out(overview())
  if (first === 'help') return runCommand(findCommand(rest[0] ?? ''), ['--help'], context)
  if (first === '-C') {
    context.cwd = await changeDirectory(context.cwd, rest[0])
    return runProgram(rest.slice(1), context)
  }
  return runCommand(findCommand(first), rest, context)
}

async function runCommand(entry: CommandEntry, argv: string[], context: Context): Promise<void> {
  const module = await entry.load()
  const command = new Command(`jzfs ${entry.name}`)
    .description(`${entry.summary}.`)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void context.terminal.out(text), writeErr: () => {} })
    .helpOption('-h, --help', 'show this help')
    .showHelpAfterError(false)
  module.configure(command, context)
  command.hook('preAction', (_, chosen) => {
    context.command = chosen === command ? entry.name : `${entry.name} ${chosen.name()}`
  })
  for (const subcommand of command.commands) {
    const summary = capitalised(subcommand.description())
    subcommand.copyInheritedSettings(command).summary(summary).description(`${summary}.`)
  }
  try {
    await command.parseAsync(attachValues(argv, module.attachedValues ?? {}), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return
    if (error.code === 'commander.help') {
      context.status = EXIT.usage
      return context.terminal.out(command.helpInformation())
    }
    throw usageError(entry.name, error)
  }
}

/** Subcommands are described as commands are, in the table of all and by themselves. */
function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Gives options the value that they have without one: the parser would take the next argument for it. */
function attachValues(argv: readonly string[], values: Readonly<Record<string, string>>): string[] {
  const dashes = argv.indexOf('--')
  return argv.map((argument, at) => {
    const value = dashes !== -1 && at > dashes ? undefined : values[argument]
    if (value === undefined) return argument
    return argument.startsWith('--') ? `${argument}=${value}` : argument + value
  })
}

function usageError(name: string, error: CommanderError): InvalidError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const similar = /^\(Did you mean (.*)\?\)$/.exec(suggestion ?? '')?.[1]
  const hint = similar === undefined ? `see \`jzfs ${name} --help\`` : `did you mean ${similar}?`
  return new InvalidError('usage', `${name}: ${message}`, { hint, cause: error })
}

function findCommand(name: string): CommandEntry {
  const entries = COMMAND_GROUPS.flatMap((group) => group.commands)
  const found = entries.find((entry) => entry.name === name)
  if (found !== undefined) return found
  const similar = nearestNames(
    name,
    entries.map((entry) => entry.name),
  )
  const hint = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'list the commands with `jzfs --help`'
  throw new InvalidError('usage', `'${name}' is not a jzfs command`, { hint })
}

async function changeDirectory(cwd: string, directory: string | undefined): Promise<string> {
  if (directory === undefined) throw new InvalidError('usage', '-C wants a directory', { hint: 'jzfs -C DIR COMMAND' })
  const { resolve } = await import('node:path')
  return resolve(cwd, directory)
}

function overview(): string {
  const groups = COMMAND_GROUPS.map(({ heading, commands }) => {
    const lines = commands.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`)
    return `${heading}\n${lines.join('\n')}\n`
  })
  return `jzfs: version control for datasets, native to IPFS\n\nUsage: jzfs [-C DIR] COMMAND [ARGUMENT...]\n\n${groups.join('\n')}\njzfs COMMAND --help tells more.\n`
}
