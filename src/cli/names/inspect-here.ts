import { escapeControls } from '../../model/quote-name.ts'
import type { RecordInspection } from '../../sync/names/inspect-record.ts'
import { openKnownNames, type SeenName } from '../../sync/names/known-names.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { openHomeHere } from '../network.ts'
import { giverText, recordDocument, recordLine } from './record-document.ts'
import { noRecordHere, readRecordFile } from './record-files.ts'

/** `jzfs name inspect`: all that a record says, of a file or of a name that is known here. */
export async function inspectHere(
  context: Context,
  text: string,
  flags: { verify?: string; json?: true },
): Promise<void> {
  const { inspectRecord } = await import('../../sync/names/inspect-record.ts')
  const known = await knownRecord(context, text)
  const bytes = known?.bytes ?? (await readRecordFile(context, text))
  const inspected = await inspectRecord(bytes, flags.verify ?? known?.name)
  if (inspected.validation?.valid === false) context.status = 3
  if (flags.json) return context.terminal.json({ ...inspected, ...(known === undefined ? {} : { seen: known.seen }) })
  const lines = [...linesOf(inspected), ...(known?.seen === undefined ? [] : [['from', giverText(known.seen)]])]
  await context.terminal.out(lines.map(([label = '', value]) => `${`${label}:`.padEnd(14)}${value}\n`).join(''))
}

/** `jzfs name verify`: whether a record is of a name, and valid now. Nothing is remembered. */
export async function verifyHere(
  context: Context,
  name: string,
  file: string,
  flags: { allowExpired?: true; json?: true },
): Promise<void> {
  const { checkNotExpired, openRecord } = await import('../../sync/names/ipns-record.ts')
  const { judgeRecord } = await import('../../sync/names/record-judgement.ts')
  const record = await openRecord(name, await readRecordFile(context, file))
  const seen = await openKnownNames(openHomeHere(context).layout.names).seen(record.name)
  const judgement = judgeRecord(seen, record)
  if (!flags.allowExpired) checkNotExpired(record, context.now())
  if (flags.json) return context.terminal.json({ ...recordDocument(record), judgement })
  await context.terminal.out(`good: ipns://${record.name}\n  ${record.value}, ${recordLine(record)}\n`)
}

/** The record of a name that is known here; undefined where the text is no name, but a file. */
async function knownRecord(
  context: Context,
  text: string,
): Promise<{ name: string; bytes: Uint8Array; seen: SeenName | undefined } | undefined> {
  if (!/^(ipns:\/\/|\/ipns\/|k[0-9a-z]{50,}$|12D3Koo\w+$)/.test(text)) return undefined
  const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
  const name = parseIpnsName(text)
  const names = openKnownNames(openHomeHere(context).layout.names)
  const record = await names.record(name)
  if (record === undefined) throw noRecordHere(name)
  return { name, bytes: record.bytes, seen: await names.seen(name) }
}

function linesOf(inspected: RecordInspection): [string, string][] {
  const { value, sequence, validity, validityType, ttlNs, signatures, sizeBytes, validation } = inspected
  const { publicKeyName, contradiction, signatureV1, signatureV2 } = inspected
  const lines: [string, string | undefined][] = [
    ['value', escapeControls(value)],
    ['sequence', sequence.toString()],
    ['validity', `${validity} (${validityType})`],
    ['ttl', durationText(Number(ttlNs / 1_000_000n))],
    ['signatures', signatures],
    ['signature V1', signatureV1],
    ['signature V2', signatureV2],
    ['public key', publicKeyName && `ipns://${publicKeyName}`],
    ['size', `${sizeBytes} bytes`],
    ['contradiction', contradiction && `the two versions differ in "${contradiction}"`],
    ['signed by', validation && `${validation.valid ? '' : 'NOT '}ipns://${validation.name}`],
    ['reason', validation?.reason],
  ]
  return lines.filter((line): line is [string, string] => line[1] !== undefined)
}
