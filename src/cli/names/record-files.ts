import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { stdin } from 'node:process'

import { NotFoundError } from '../../model/errors.ts'
import { openHomeNames } from '../../node/publish/home-names.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { KnownNames } from '../../sync/names/known-names.ts'
import type { Context } from '../context.ts'
import { openHomeHere } from '../network.ts'
import { recordDocument, recordLine } from './record-document.ts'

/** The names of this home, for a command that may change what is known of them. */
export function namesHere(context: Context): KnownNames {
  return openHomeNames(openHomeHere(context), { command: context.commandLine })
}

/** `jzfs name export`: the newest record of a name that is known here, as it travels. */
export async function exportRecord(context: Context, text: string, flags: { output?: string }): Promise<void> {
  const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
  const name = parseIpnsName(text)
  const record = await namesHere(context).record(name)
  if (record === undefined) throw noRecordHere(name)
  if (flags.output === '-') return context.terminal.out(record.bytes)
  const { writeFileDurably } = await import('../../store/durable.ts')
  const file = flags.output ?? `${name}.ipns-record`
  await writeFileDurably(resolve(context.cwd, file), record.bytes)
  context.terminal.say(`wrote the record of ipns://${name} to ${file} (${recordLine(record)})`)
}

/** `jzfs name import`: a record from a file, as if a peer had given it. */
export async function importRecord(
  context: Context,
  text: string,
  file: string,
  flags: { allowExpired?: true; json?: true },
): Promise<void> {
  const bytes = await readRecordFile(context, file)
  const options = { now: context.now(), allowExpired: flags.allowExpired === true, from: `the file ${file}` }
  const { record, judgement } = await namesHere(context).accept(text, bytes, options)
  if (flags.json) return context.terminal.json({ ...recordDocument(record), judgement })
  const what = judgement === 'same' ? 'known already:' : 'took'
  await context.terminal.out(`${what} ipns://${record.name}\n  ${record.value}, ${recordLine(record)}\n`)
}

/** Bytes of a file that may be a record: a larger one is read so far, and refused. */
const MAX_FILE_BYTES = 65_536

/** The bytes of a file with a record; `-` is standard input. */
export async function readRecordFile({ cwd }: Context, file: string): Promise<Uint8Array> {
  if (file === '-') {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of stdin as AsyncIterable<Buffer>) {
      pieces.push(piece)
      if ((size += piece.length) > MAX_FILE_BYTES) break
    }
    return Buffer.concat(pieces)
  }
  const path = resolve(cwd, file)
  return readFile(path).catch((error: unknown) => {
    throw explainFsError(error, path)
  })
}

/** What is said where a home has no record of a name. */
export function noRecordHere(name: string): NotFoundError {
  return new NotFoundError('name-not-found', `no record of ipns://${name} is known here`, {
    hint: `ask for it first: \`jzfs name resolve ${name}\``,
    details: { name },
  })
}
