import { InvalidError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import { CONFIG_KEYS, type ConfigKey, type ConfigName, type ConfigType } from './config-keys.ts'

/** A value as it is used; a size is a number of bytes. */
export type PlainValue = string | number | boolean

/** The table's line of a key. Throws InvalidError `config-key-unknown` with the nearest names as its hint. */
export function configKey(name: string): ConfigKey {
  if (isConfigName(name)) {
    return CONFIG_KEYS[name]
  }
  const near = nearestNames(name, Object.keys(CONFIG_KEYS))
  throw new InvalidError('config-key-unknown', `there is no configuration key "${name}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'run `jzfs config --list` to see all that are set',
    details: { key: name, nearest: near },
  })
}

/** Whether the table has this key. */
export function isConfigName(name: string): name is ConfigName {
  return Object.hasOwn(CONFIG_KEYS, name)
}

/**
 * Reads a value that is text (a flag, the environment, `config set`) or comes from a JSON file; `origin` says for messages
 * where. Throws InvalidError `config-value-invalid` (details: `key`, `value`).
 */
export function parseConfigValue(name: string, value: unknown, origin: string): PlainValue {
  const { type } = configKey(name)
  const parsed = parse(type, value)
  if (parsed === undefined) {
    throw new InvalidError('config-value-invalid', `${name} cannot be ${JSON.stringify(value)} (${origin})`, {
      hint: `give ${expectation(type)}`,
      details: { key: name, value },
    })
  }
  return parsed
}

function parse(type: ConfigType, value: unknown): PlainValue | undefined {
  if (type === 'string') {
    return typeof value === 'string' ? value : undefined
  }
  if (type === 'boolean') {
    return typeof value === 'boolean' ? value : BOOLEANS.get(String(value).toLowerCase())
  }
  if (type === 'integer' || type === 'size') {
    const number = typeof value === 'number' ? value : parseNumber(type, String(value))
    return Number.isSafeInteger(number) && number >= 0 ? number : undefined
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

function expectation(type: ConfigType): string {
  switch (type) {
    case 'string':
      return 'a text'
    case 'integer':
      return 'a whole number, 0 or more'
    case 'boolean':
      return 'true or false'
    case 'size':
      return 'a number of bytes, like 1048576 or 512MiB'
    default:
      return `one of ${type.join(', ')}`
  }
}
