import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { ConfigFile } from '../../repo/config/check-config.ts'
import type { ConfigEntry, ConfigScope } from '../../repo/config/config.ts'
import { openConfig, type Config } from '../../repo/config/config.ts'
import type { Repository } from '../../repo/repository.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { configSources, withRepository } from '../here.ts'
import { userConfigFile } from '../home.ts'

interface ConfigFlags {
  user?: true
  unset?: true
  add?: true
  list?: true
  all?: true
  check?: true
  showOrigin?: true
  json?: true
}

/** `jzfs config`: reads and writes configuration. */
export const config: CommandModule = {
  configure(command, context) {
    command
      .argument('[key]', 'what to read or write, user.name for one')
      .argument('[value]', 'the value to write')
      .option('--user', 'write the configuration of the user instead of that of the repository')
      .option('--unset', 'remove the value')
      .option('--add', 'write the value beside those that a list has')
      .option('-l, --list', 'list all values')
      .option('--all', 'list also what a stronger layer hides')
      .option('--check', 'check the files: unknown keys, and values that cannot be')
      .option('--show-origin', 'show the layer and the file of each value')
      .option('--json', 'print JSON')
      .action(async (key: string | undefined, value: string | undefined, flags: ConfigFlags) => {
        if (flags.check === true) return checkFiles(context, flags)
        if (flags.list === true || key === undefined) return listValues(context, flags)
        if (flags.unset === true) return unsetValue(context, key, flags)
        return value === undefined ? showValue(context, key, flags) : setValue(context, key, value, flags)
      })
  },
}

/** Exits with 1 where anything is wrong. */
async function checkFiles(context: Context, { json }: ConfigFlags): Promise<void> {
  const { checkConfigFile } = await import('../../repo/config/check-config.ts')
  const files: ConfigFile[] = [{ path: userConfigFile(context), scope: 'user' }]
  const path = await repositoryConfigFile(context)
  if (path !== undefined) files.push({ path, scope: 'repository' })
  const problems = files.flatMap(checkConfigFile)
  if (problems.length > 0) context.status = EXIT.partial
  if (json) {
    const found = problems.map(({ code, message, hint, details }) => ({ code, message, hint, ...details }))
    return context.terminal.json({ files, problems: found })
  }
  for (const { message, hint } of problems) {
    await context.terminal.out(`${message}\n${hint === undefined ? '' : `  hint: ${hint}\n`}`)
  }
  if (problems.length === 0) await context.terminal.out(files.map((file) => `sound: ${file.path}\n`).join(''))
}

/** Also of a repository that cannot be opened for what its configuration says. */
async function repositoryConfigFile(context: Context): Promise<string | undefined> {
  try {
    return await withRepository(context, async ({ layout }) => layout.config)
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    const path = error.details['path']
    return error.code === 'config-corrupt' && typeof path === 'string' ? path : undefined
  }
}

async function listValues(context: Context, flags: ConfigFlags): Promise<void> {
  const entries = await withConfig(context, async (found) => found.list({ all: flags.all === true }))
  if (flags.json) return context.terminal.json(entries)
  const lines = entries.flatMap((entry) => {
    return texts(entry).map((text) => `${origin(entry, flags)}${entry.key}=${text}\n`)
  })
  await context.terminal.out(lines.join(''))
}

async function showValue(context: Context, key: string, flags: ConfigFlags): Promise<void> {
  const entry = await withConfig(context, async (found) => found.find(key))
  if (entry === undefined) {
    context.status = EXIT.partial
    return flags.json ? context.terminal.json(null) : undefined
  }
  if (flags.json) return context.terminal.json(entry)
  const lines = texts(entry).map((text) => `${origin(entry, flags)}${text}\n`)
  return context.terminal.out(lines.join(''))
}

/** A value as text; of a list, each a line. */
function texts({ value }: ConfigEntry): string[] {
  return typeof value === 'object' ? [...value] : [String(value)]
}

function origin(entry: ConfigEntry, flags: ConfigFlags): string {
  return flags.showOrigin ? `${entry.origin}${entry.file === undefined ? '' : `:${entry.file}`}\t` : ''
}

async function setValue(context: Context, key: string, value: string, flags: ConfigFlags): Promise<void> {
  await changeConfig(context, flags, (found, scope) => {
    return flags.add ? found.add(key, value, scope) : found.set(key, value, scope)
  })
}

async function unsetValue(context: Context, key: string, flags: ConfigFlags): Promise<void> {
  const removed = await changeConfig(context, flags, (found, scope) => found.unset(key, scope))
  if (removed) return
  throw new NotFoundError('config-not-set', `${key} is not set there`, { details: { key } })
}

function changeConfig<Result>(
  context: Context,
  flags: ConfigFlags,
  change: (config: Config, scope: ConfigScope) => Promise<Result>,
): Promise<Result> {
  if (flags.user) return change(openConfig(configSources(context)), 'user')
  return withRepository(context, async (repository: Repository) => {
    using _lock = await repository.lock(context.commandLine)
    return change(repository.config, 'repository')
  })
}

/** The repository's configuration, or, outside of one, the user's. */
async function withConfig<Result>(context: Context, read: (config: Config) => Promise<Result>): Promise<Result> {
  try {
    return await withRepository(context, (repository) => read(repository.config))
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'not-a-repository') throw error
    return read(openConfig(configSources(context)))
  }
}
