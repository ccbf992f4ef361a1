import { InvalidError, JzfsError } from '../../model/errors.ts'
import { readConfigFile } from './config-file.ts'
import { configKey, isConfigName, parseConfigValue } from './config-value.ts'
import type { ConfigScope } from './config.ts'

/** A configuration file, and the layer that it is. */
export interface ConfigFile {
  path: string
  scope: ConfigScope
}

/**
 * Everything that is wrong with a configuration file, key by key: keys that do not exist, values of a wrong type or out of
 * range. Each error names the file (details: `path`), the key (`key`) and the remedy. Where it is no JSON object, that alone
 * is told. A file that does not exist is a good one.
 */
export function checkConfigFile({ path, scope }: ConfigFile): JzfsError[] {
  let keys: [string, unknown][]
  try {
    keys = Object.entries(readConfigFile(path) ?? {})
  } catch (error) {
    return [asJzfsError(error)]
  }
  return keys.flatMap(([key, value]) => {
    try {
      parseConfigValue(key, value, path)
      return []
    } catch (error) {
      const { code, message, hint, details } = asJzfsError(error)
      const isQuestion = hint?.endsWith('?') === true
      const other = hint === undefined || hint.includes('--list') ? '' : `${hint}${isQuestion ? ' Else' : ', or'} `
      const text = message.includes(path) ? message : `${message} (${path})`
      return [
        new InvalidError(code, text, { hint: `${other}${removal(key, scope)}`, details: { ...details, path, key } }),
      ]
    }
  })
}

/**
 * Refuses a configuration file in which anything is wrong: InvalidError `config-invalid` (details: `path`, `problems`) with
 * the first problem as its message.
 */
export function refuseInvalidConfig(file: ConfigFile): void {
  const [first, ...others] = checkConfigFile(file)
  if (first === undefined) return
  const more = others.length === 0 ? '' : `, and ${others.length} more: see \`jzfs config --check\``
  throw new InvalidError('config-invalid', first.message, {
    hint: `${first.hint ?? 'correct the file'}${more}`,
    cause: first,
    details: { path: file.path, problems: [first, ...others].map(({ code, message }) => ({ code, message })) },
  })
}

function removal(key: string, scope: ConfigScope): string {
  if (isConfigName(key) && configKey(key).fixed === true) return 'correct the file with an editor'
  return `remove it: \`jzfs config ${scope === 'user' ? '--user ' : ''}--unset ${key}\``
}

function asJzfsError(error: unknown): JzfsError {
  if (error instanceof JzfsError) return error
  throw error
}
