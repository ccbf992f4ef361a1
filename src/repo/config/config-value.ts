import { InvalidError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import { CONFIG_KEYS, type ConfigKey, type ConfigName, type ConfigType } from './config-keys.ts'
import { CONFIG_PATTERNS, matchConfigPattern } from './config-patterns.ts'

/** A value as it is used; a size is a number of bytes. */
export type PlainValue = string | number | boolean | readonly string[]

/** The table's line of a key. Throws InvalidError `config-key-unknown` with the nearest names as its hint. */
export function configKey(name: string): ConfigKey {
  const line = lineOf(name)
  if (line !== undefined) return line
  const near = nearestNames(name, [...Object.keys(CONFIG_KEYS), ...patternsFor(name)])
  throw new InvalidError('config-key-unknown', `there is no configuration key "${name}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'run `jzfs config --list` to see all that are set',
    details: { key: name, nearest: near },
  })
}

/** Whether the tables have this key. */
export function isConfigName(name: string): name is ConfigName {
  return lineOf(name) !== undefined
}

function lineOf(name: string): ConfigKey | undefined {
  if (Object.hasOwn(CONFIG_KEYS, name)) return CONFIG_KEYS[name as keyof typeof CONFIG_KEYS]
  const match = matchConfigPattern(name)
  return match && CONFIG_PATTERNS[match.pattern]
}

/** The patterns with the name that a mistyped key has between its dots: `remote.origin.ulr` may mean `remote.origin.url`. */
function patternsFor(name: string): string[] {
  const subject = /^[^.]*\.(.*)\.[^.]*$/s.exec(name)?.[1]
  return subject === undefined ? [] : Object.keys(CONFIG_PATTERNS).map((pattern) => pattern.replace('*', () => subject))
}

/**
 * Reads a value that is text (a flag, the environment, `config set`) or comes from a JSON file; `origin` says for messages
 * where. Throws InvalidError `config-value-invalid` (details: `key`, `value`).
 */
export function parseConfigValue(name: string, value: unknown, origin: string): PlainValue {
  const key = configKey(name)
  const { type, problem } = key
  const parsed = parse(type, value)
  if (parsed === undefined || !isInRange(parsed, key)) throw invalid(name, value, origin, `give ${expectation(key)}`)
  for (const each of typeof parsed === 'object' ? parsed : [parsed]) {
    const found = problem?.(String(each))
    if (found !== undefined) throw invalid(name, each, origin, `${JSON.stringify(each)} ${found}`)
  }
  return parsed
}

function invalid(key: string, value: unknown, origin: string, hint: string): InvalidError {
  return new InvalidError('config-value-invalid', `${key} cannot be ${JSON.stringify(value)} (${origin})`, {
    hint,
    details: { key, value },
  })
}

function parse(type: ConfigType, value: unknown): PlainValue | undefined {
  if (type === 'string') {
    return typeof value === 'string' ? value : undefined
  }
  if (type === 'list') {
    const texts: unknown[] = Array.isArray(value) ? value : [value]
    return texts.every((text) => typeof text === 'string') ? texts : undefined
  }
  if (type === 'boolean') {
    return typeof value === 'boolean' ? value : BOOLEANS.get(String(value).toLowerCase())
  }
  if (type === 'integer' || type === 'size') {
    const number = typeof value === 'string' ? parseNumber(type, value) : value
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
  }
  return type.find((choice) => choice === value)
}

const BOOLEANS = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
])

/** Powers of 1024 by the first letter of the unit, as in `2GiB`, `2G` and `2g`. */
const UNITS = ['', 'k', 'm', 'g', 't']

function parseNumber(type: 'integer' | 'size', text: string): number {
  const match = /^(\d+)(?:([kmgt])(?:i?b)?)?$/i.exec(text.trim())
  if (match === null || (type === 'integer' && match[2] !== undefined)) {
    return Number.NaN
  }
  return Number(match[1]) * 1024 ** UNITS.indexOf((match[2] ?? '').toLowerCase())
}

function isInRange(value: PlainValue, { min = 0, max = Number.MAX_SAFE_INTEGER }: ConfigKey): boolean {
  return typeof value !== 'number' || (value >= min && value <= max)
}

function expectation({ type, min = 0, max }: ConfigKey): string {
  const range = max === undefined ? `${min} or more` : `from ${min} to ${max}`
  switch (type) {
    case 'string':
      return 'a text'
    case 'list':
      return 'a text, or several'
    case 'integer':
      return `a whole number, ${range}`
    case 'boolean':
      return 'true or false'
    case 'size':
      return `a number of bytes, like 1048576 or 512MiB${min === 0 && max === undefined ? '' : `, ${range}`}`
    default:
      return `one of ${type.join(', ')}`
  }
}
