import type { Command } from 'commander'

/** The operands of a command line on both sides of `--`. */
export interface DividedOperands {
  before: string[]
  /** Undefined where there is no `--`. */
  behind: string[] | undefined
}

/** Tells the operands before `--` from those behind it: the parser gives them as one list. */
export function divideOperands(command: Command, operands: readonly string[]): DividedOperands {
  const rawArgs = rawArguments(command)
  const dashes = rawArgs.indexOf('--')
  if (dashes === -1) return { before: [...operands], behind: undefined }
  const count = operands.length - (rawArgs.length - dashes - 1)
  return { before: operands.slice(0, count), behind: operands.slice(count) }
}

/** The options that were given, by the names of their values, in their order. */
export function givenOptions(command: Command): string[] {
  return rawArguments(command).flatMap((argument) => {
    const option = command.options.find(({ long, short }) => argument === long || argument === short)
    return option === undefined ? [] : [option.attributeName()]
  })
}

/** The arguments as they were given: the type does not declare them. */
export function rawArguments(command: Command): string[] {
  return (command as Command & { rawArgs: string[] }).rawArgs
}
