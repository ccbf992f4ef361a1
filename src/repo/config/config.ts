import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { writeFileDurably } from '../../store/durable.ts'
import { type ConfigChange, settleConfig } from './config-change.ts'
import { type ConfigDocument, formatConfigFile, readConfigFile } from './config-file.ts'
import { CONFIG_KEYS, type ConfigName, type ConfigValue } from './config-keys.ts'
import { matchConfigPattern } from './config-patterns.ts'
import { configKey, isConfigName, parseConfigValue, type PlainValue } from './config-value.ts'

/** The layers, the strongest first. */
export type ConfigOrigin = 'flag' | 'environment' | 'repository' | 'user' | 'default'

/** A layer that is a file, and can be written. */
export type ConfigScope = 'repository' | 'user'

/** A value, the layer it comes from, and that layer's file if it has one. */
export interface ConfigEntry {
  key: string
  value: PlainValue
  origin: ConfigOrigin
  file: string | undefined
}

/** Where configuration comes from. Flags and environment are read by the caller, and given by key as text. */
export interface ConfigSources {
  flags?: Partial<Record<ConfigName, string | undefined>>
  environment?: Partial<Record<ConfigName, string | undefined>>
  repositoryFile?: string | undefined
  userFile?: string | undefined
  /** What an operation that is not finished changes in the repository's file: answers are as if it were. */
  pendingChanges?: () => readonly ConfigChange[]
}

/**
 * Layered configuration: flag, environment, repository, user, default. Files are read when they are first needed, once.
 *
 * Every method throws InvalidError `config-key-unknown` for a key that is not in `CONFIG_KEYS`, `config-value-invalid` for a
 * value that its key does not take, and IntegrityError `config-corrupt` for a file that is no JSON object.
 */
export interface Config {
  /** The value of a key, of the strongest layer that has one. */
  get<Name extends ConfigName>(key: Name): ConfigValue<Name>
  /** The same with its origin, for a key the user typed; undefined where no layer has one. */
  find(key: string): ConfigEntry | undefined
  /** All values that are set, or have a default, sorted by key; with `all` also those that a stronger layer hides. */
  list(options?: { all?: boolean }): ConfigEntry[]
  /** Writes a value durably. For the repository's file the caller holds the repository's lock. */
  set(key: string, value: string, scope: ConfigScope): Promise<void>
  /** The same, beside what a list has in that file. InvalidError `config-key-single` for a key that takes one value. */
  add(key: string, value: string, scope: ConfigScope): Promise<void>
  /** Removes a value from a file; false where it had none. */
  unset(key: string, scope: ConfigScope): Promise<boolean>
  /** Forgets what was read of files: somebody changed them. */
  refresh(): void
}

/** Configuration from these sources. A file that does not exist is empty. */
export function openConfig(sources: ConfigSources): Config {
  const files = new Map<string, ConfigDocument>()
  const read = (path: string): ConfigDocument => {
    const known = files.get(path)
    if (known !== undefined) return known
    const pending = path === sources.repositoryFile ? (sources.pendingChanges?.() ?? []) : []
    const document = settleConfig(readConfigFile(path) ?? {}, pending)
    files.set(path, document)
    return document
  }
  const find = (key: string): ConfigEntry | undefined => candidates(sources, key, read).next().value ?? undefined
  const write = async (scope: ConfigScope, change: (document: ConfigDocument) => void): Promise<void> => {
    const path = fileOf(sources, scope)
    const document = { ...readConfigFile(path) }
    change(document)
    await mkdir(dirname(path), { recursive: true })
    await writeFileDurably(path, formatConfigFile(document))
    files.set(path, document)
  }
  return {
    get: <Name extends ConfigName>(key: Name) => find(key)?.value as ConfigValue<Name>,
    find,
    list({ all = false } = {}) {
      const keys = new Set([...Object.keys(CONFIG_KEYS), ...patternedKeys(sources, read)])
      return [...keys].sort().flatMap((key) => {
        const entries = [...candidates(sources, key, read)]
        return all ? entries : entries.slice(0, 1)
      })
    },
    async set(key, value, scope) {
      refuseFixed(key)
      const parsed = parseConfigValue(key, value, scope)
      // A size stays as it was typed: 1GiB is easier to read again than its bytes.
      const kept = configKey(key).type === 'size' ? value : parsed
      await write(scope, (document) => (document[key] = kept))
    },
    async add(key, value, scope) {
      if (configKey(key).type !== 'list') throw single(key)
      const [parsed] = parseConfigValue(key, value, scope) as readonly string[]
      await write(scope, (document) => {
        const known = document[key] ?? []
        document[key] = [...(parseConfigValue(key, known, scope) as readonly string[]), parsed]
      })
    },
    async unset(key, scope) {
      if (isConfigName(key)) refuseFixed(key)
      if (!Object.hasOwn(readConfigFile(fileOf(sources, scope)) ?? {}, key)) {
        // What is not in the table may be in the file all the same: then this is the remedy.
        configKey(key)
        return false
      }
      await write(scope, (document) => delete document[key])
      return true
    },
    refresh: () => files.clear(),
  }
}

function* candidates(
  sources: ConfigSources,
  key: string,
  read: (path: string) => ConfigDocument,
): Generator<ConfigEntry, undefined> {
  const { default: standard } = configKey(key)
  if (!isConfigName(key)) {
    return undefined
  }
  const layers = [
    { origin: 'flag', value: () => sources.flags?.[key], file: undefined },
    { origin: 'environment', value: () => sources.environment?.[key], file: undefined },
    ...(['repository', 'user'] as const).map((origin) => {
      const file = sources[`${origin}File`]
      return { origin, value: () => (file === undefined ? undefined : read(file)[key]), file }
    }),
    { origin: 'default', value: () => standard, file: undefined },
  ] as const
  for (const { origin, value: valueOf, file } of layers) {
    const value = valueOf()
    if (value !== undefined) {
      yield { key, value: parseConfigValue(key, value, file ?? origin), origin, file }
    }
  }
  return undefined
}

/** The keys of single remotes and branches that any layer has. */
function patternedKeys(sources: ConfigSources, read: (path: string) => ConfigDocument): string[] {
  const files = [sources.repositoryFile, sources.userFile].map((path) => (path === undefined ? {} : read(path)))
  const layers = [sources.flags ?? {}, sources.environment ?? {}, ...files]
  return layers.flatMap((layer) => Object.keys(layer)).filter((key) => matchConfigPattern(key) !== undefined)
}

function fileOf(sources: ConfigSources, scope: ConfigScope): string {
  const path = sources[`${scope}File`]
  if (path === undefined) {
    throw new InvalidError('config-scope-missing', `there is no configuration of the ${scope} here`, {
      hint:
        scope === 'repository' ? 'run the command inside a repository, or set it for the user' : 'set a home folder',
      details: { scope },
    })
  }
  return path
}

function single(key: string): InvalidError {
  return new InvalidError('config-key-single', `${key} takes one value`, {
    hint: `set it with \`jzfs config ${key} VALUE\``,
    details: { key },
  })
}

function refuseFixed(key: string): void {
  if (configKey(key).fixed === true) {
    throw new InvalidError('config-key-fixed', `${key} is set once, when a repository is made`, { details: { key } })
  }
}
