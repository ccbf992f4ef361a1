import { CID } from 'multiformats/cid'

/** Where a command prints: data on standard output, talk on standard error. */
export interface Terminal {
  /** Whether standard output is a terminal. */
  readonly interactive: boolean
  /** Whether standard error is a terminal, so that progress may be shown. */
  readonly showsProgress: boolean
  readonly color: boolean
  readonly columns: number
  /** Writes data; resolves when the receiver can take more. */
  out(text: string | Uint8Array): Promise<void>
  /** Writes one JSON document or JSON line. */
  json(value: unknown): Promise<void>
  /** Writes a line of talk. */
  say(line: string): void
  /** Replaces the progress line; an empty line removes it. */
  progress(line: string): void
}

/** The terminal of a process: colour only where standard output is a terminal and `NO_COLOR` is not set. */
export function createTerminal(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const interactive = stdout.isTTY === true
  let progressShown = false
  const clear = () => {
    if (progressShown) stderr.write('\r\u001b[2K')
    progressShown = false
  }
  const out = (text: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      clear()
      if (stdout.write(text)) resolve()
      else stdout.once('drain', resolve)
    })
  return {
    interactive,
    showsProgress: stderr.isTTY === true,
    color: interactive && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    columns: stdout.columns ?? 80,
    out,
    json: (value) => out(jsonLine(value)),
    say: (line) => {
      clear()
      stderr.write(`${line}\n`)
    },
    progress: (line) => {
      clear()
      if (line === '' || stderr.isTTY !== true) return
      stderr.write(line.slice(0, (stderr.columns ?? 80) - 1))
      progressShown = true
    },
  }
}

/** A value as a JSON document in one line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, jsonValue)}\n`
}

/** CIDs are shown as their text, 64-bit integers as decimal text. */
function jsonValue(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key]
  if (typeof original === 'bigint') return original.toString()
  const cid = typeof original === 'object' ? CID.asCID(original) : null
  if (cid !== null) return cid.toString()
  return value
}
