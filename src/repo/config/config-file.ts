import { readFileSync } from 'node:fs'

import { IntegrityError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'

/** What a configuration file holds: values by key, as JSON has them; keys of other versions of jzfs among them. */
export type ConfigDocument = Record<string, unknown>

/**
 * Reads a configuration file: one JSON object with keys like `user.name`. Returns undefined where there is no file.
 *
 * Throws IntegrityError `config-corrupt` (details: `path`, and `line` where the parser tells it).
 */
export function readConfigFile(path: string): ConfigDocument | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') {
      return undefined
    }
    throw explainFsError(error, path)
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw corrupt(path, lineOf(cause, text), cause)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw corrupt(path, 1)
  }
  return document as ConfigDocument
}

/** The text of a configuration file: a JSON object with sorted keys, one a line. */
export function formatConfigFile(document: ConfigDocument): string {
  const sorted = Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`
}

/** V8 says "(line 3 column 5)"; where the text ends too early it says nothing, and the last line is the one. */
function lineOf(error: unknown, text: string): number {
  const match = error instanceof Error ? /\(line (\d+) column \d+\)/.exec(error.message) : null
  return match === null ? text.trimEnd().split('\n').length : Number(match[1])
}

function corrupt(path: string, line: number, cause?: unknown): IntegrityError {
  return new IntegrityError('config-corrupt', `the configuration is not valid JSON: ${path}, line ${line}`, {
    hint: 'correct the file with an editor: one object with keys like "user.name"',
    cause,
    details: { path, line },
  })
}
