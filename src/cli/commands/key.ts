import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { KEY_FORMATS, type KeyFormat } from '../../node/home/key-format.ts'
import type { ListedKey } from '../../node/names/home-keys.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { openHomeHere } from '../network.ts'

interface JsonFlag {
  json?: true
}

/** `jzfs key`: the private keys of this home, each of an IPNS name; in files as Kubo has them. */
export const key: CommandModule = {
  configure(command, context) {
    command
      .command('gen')
      .description('make a key')
      .argument('<name>', 'what to call it')
      .option('-t, --type <type>', 'the type of the key: ed25519', 'ed25519')
      .option('--json', 'print one JSON document')
      .action((name: string, flags: JsonFlag & { type: string }) => generate(context, name, flags))
    command
      .command('ls')
      .description('list keys, their IPNS names, and what they sign for')
      .option('--json', 'print one JSON document')
      .action((flags: JsonFlag) => list(context, flags))
    command
      .command('rename')
      .description('call a key something else')
      .argument('<name>', 'what it is called')
      .argument('<new-name>', 'what it shall be called')
      .option('--json', 'print one JSON document')
      .action((before: string, after: string, flags: JsonFlag) => rename(context, { before, after }, flags))
    command
      .command('rm')
      .description('remove keys for good')
      .argument('<name...>', 'what they are called')
      .option('-f, --force', 'remove also what signs for something published')
      .option('--json', 'print one JSON document')
      .action((names: string[], flags: JsonFlag & { force?: true }) => remove(context, names, flags))
    configureFiles(command, context)
  },
}

function configureFiles(command: Parameters<CommandModule['configure']>[0], context: Context): void {
  const formats = KEY_FORMATS.join(' or ')
  command
    .command('export')
    .description('write a key to a file, not encrypted')
    .argument('<name>', 'what it is called')
    .option('-o, --output <file>', 'the file to make; - for standard output (default: NAME.key or NAME.pem)')
    .option('-f, --format <format>', formats, KEY_FORMATS[0])
    .action((name: string, flags: { output?: string; format: string }) => exportKey(context, name, flags))
  command
    .command('import')
    .description('keep a key that was made elsewhere')
    .argument('<name>', 'what to call it')
    .argument('<file>', 'the file that has it')
    .option('-f, --format <format>', `${formats} (default: what the file looks like)`)
    .option('--json', 'print one JSON document')
    .action((name: string, file: string, flags: JsonFlag & { format?: string }) =>
      importFile(context, name, file, flags),
    )
}

async function generate(context: Context, name: string, flags: JsonFlag & { type: string }): Promise<void> {
  if (flags.type.toLowerCase() !== 'ed25519') {
    throw new InvalidError('key-type-unsupported', `keys of type ${flags.type} are not made here`, {
      hint: 'names are signed with Ed25519: leave --type out',
      details: { type: flags.type },
    })
  }
  const { generateKey } = await import('../../node/names/home-keys.ts')
  const made = await generateKey(openHomeHere(context), name, changeOptions(context))
  await printKey(context, name, made, flags)
}

async function list(context: Context, flags: JsonFlag): Promise<void> {
  const { listKeys } = await import('../../node/names/home-keys.ts')
  const keys = listKeys(openHomeHere(context))
  if (flags.json) return context.terminal.json(keys)
  await context.terminal.out(keys.map((each) => `${each.name} ${each.key}${usesText(each)}\n`).join(''))
}

async function rename(context: Context, names: { before: string; after: string }, flags: JsonFlag): Promise<void> {
  const { renameKey } = await import('../../node/names/home-keys.ts')
  const renamed = await renameKey(openHomeHere(context), names, changeOptions(context))
  await printKey(context, names.after, renamed, flags)
}

async function remove(context: Context, names: string[], flags: JsonFlag & { force?: true }): Promise<void> {
  const { removeKey } = await import('../../node/names/home-keys.ts')
  const removed: ListedKey[] = []
  for (const name of names) {
    const each = await removeKey(openHomeHere(context), name, {
      ...changeOptions(context),
      force: flags.force === true,
    })
    removed.push(each)
    if (!flags.json) await context.terminal.out(`removed ${each.name} ${each.key}\n`)
    if (each.uses.length > 0) {
      context.terminal.say(`warning: nobody can sign for ipns://${each.name} any more${usesText(each)}`)
    }
  }
  if (flags.json) await context.terminal.json(removed)
}

async function exportKey(context: Context, name: string, flags: { output?: string; format: string }): Promise<void> {
  const format = readFormat(flags.format)
  const { encodeKey } = await import('../../node/home/key-format.ts')
  const { keyMissing } = await import('../../node/home/key-store.ts')
  const found = openHomeHere(context).keys.read(name)
  if (found === undefined) throw keyMissing(name)
  const bytes = encodeKey(found, format)
  if (flags.output === '-') return context.terminal.out(bytes)
  const { createFileDurably } = await import('../../store/durable.ts')
  const extension = format === 'pem-pkcs8-cleartext' ? 'pem' : 'key'
  const file = flags.output ?? `${basename(name)}.${extension}`
  await createFileDurably(resolve(context.cwd, file), bytes, { mode: 0o600 })
  context.terminal.say(`wrote the private key to ${file}: whoever has it can sign for ipns://${found.name}`)
}

async function importFile(
  context: Context,
  name: string,
  file: string,
  flags: JsonFlag & { format?: string },
): Promise<void> {
  const format = flags.format === undefined ? undefined : readFormat(flags.format)
  const { decodeKey } = await import('../../node/home/key-format.ts')
  const { importKey } = await import('../../node/names/home-keys.ts')
  const path = resolve(context.cwd, file)
  const bytes = await readFile(path).catch((error: unknown) => {
    throw explainFsError(error, path)
  })
  const kept = await importKey(openHomeHere(context), name, decodeKey(bytes, format), changeOptions(context))
  await printKey(context, name, kept, flags)
}

function readFormat(text: string): KeyFormat {
  const format = KEY_FORMATS.find((each) => each === text)
  if (format !== undefined) return format
  throw new InvalidError('usage', `this is no format of a key: ${text}`, { hint: `write ${KEY_FORMATS.join(' or ')}` })
}

async function printKey(
  context: Context,
  key: string,
  { name, peerId }: { name: string; peerId: string },
  flags: JsonFlag,
): Promise<void> {
  if (flags.json) return context.terminal.json({ key, name, peerId })
  await context.terminal.out(`${name}\n`)
}

function usesText({ uses }: ListedKey): string {
  return uses.length === 0 ? '' : ` (${uses.join(', ')})`
}

function changeOptions({ commandLine, signal }: Context): { command: string; signal: AbortSignal } {
  return { command: commandLine, signal }
}
