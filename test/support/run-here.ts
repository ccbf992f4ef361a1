import type { Context } from '../../src/cli/context.ts'
import { exitStatus } from '../../src/cli/exit-status.ts'
import { runProgram } from '../../src/cli/program.ts'
import { jsonLine } from '../../src/cli/terminal.ts'
import { JzfsError } from '../../src/model/errors.ts'

/** How a command ended that was run in this process. */
export interface RanHere {
  status: number
  stdout: string
  stderr: string
}

/** Runs one command line in this process, without a terminal: for tests that need many. */
export async function runHere(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
  now: () => Date = () => new Date(1_767_225_600_000),
): Promise<RanHere> {
  const stdout: Buffer[] = []
  let stderr = ''
  const out = async (text: string | Uint8Array) => void stdout.push(Buffer.from(text))
  const context: Context = {
    cwd,
    env: { JZFS_AUTHOR_NAME: 'Ann', JZFS_AUTHOR_EMAIL: 'ann@example.org', ...env },
    signal: new AbortController().signal,
    terminal: {
      interactive: false,
      showsProgress: false,
      color: false,
      columns: 80,
      out,
      json: (value) => out(jsonLine(value)),
      say: (line) => (stderr += `${line}\n`),
      progress: () => {},
    },
    commandLine: ['jzfs', ...args].join(' '),
    status: 0,
    now,
  }
  try {
    await runProgram(args, context)
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    context.status = exitStatus(error, context.command)
    stderr += `jzfs: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`
  }
  return { status: context.status, stdout: Buffer.concat(stdout).toString(), stderr }
}
