import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { followLog, readLogTail } from '../../node/log/read-log.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { prettyLine } from '../log/pretty-line.ts'

/** What of a log is shown. */
export interface ShowLogFlags {
  lines: string
  follow?: true
  json?: true
}

/** Prints the end of the log at `path`, and with `follow` what is added. NotFoundError `log-missing`. */
export async function showLog(context: Context, path: string, flags: ShowLogFlags): Promise<void> {
  const { terminal, signal } = context
  const count = Number(flags.lines)
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InvalidError('usage', `not a number of lines: ${flags.lines}`, { hint: 'give one from 0 on' })
  }
  const show = (line: string): Promise<void> => terminal.out(`${flags.json ? line : prettyLine(line, terminal)}\n`)
  const { lines, position } = readLogTail(path, count)
  if (position === 0 && lines.length === 0 && flags.follow !== true) {
    throw new NotFoundError('log-missing', `there is no log yet: ${path}`, {
      hint: 'start the daemon: `jzfs daemon --detach`',
      details: { path },
    })
  }
  for (const line of lines) await show(line)
  if (flags.follow !== true) return
  for await (const line of followLog(path, position, { signal })) await show(line)
  context.status = EXIT.interrupted
}
