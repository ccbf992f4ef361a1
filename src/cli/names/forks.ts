import { parseCidText } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import type { ForkedRecord, KnownNames } from '../../sync/names/known-names.ts'
import type { Context } from '../context.ts'
import { recordDocument } from './record-document.ts'
import { namesHere } from './record-files.ts'

/** `jzfs name forks`: the records of names that were signed with two values at one sequence. */
export async function showForks(context: Context, text: string | undefined, flags: { json?: true }): Promise<void> {
  const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
  const names = namesHere(context)
  const asked = text === undefined ? await names.list() : [parseIpnsName(text)]
  const found = await Promise.all(asked.map((name) => forksOf(names, name)))
  const forked = found.filter(({ forks }) => forks.length > 0)
  if (flags.json) return context.terminal.json(forked.map(documentOf))
  await context.terminal.out(forked.flatMap(linesOf).join(''))
}

/** `jzfs name accept`: takes one value, of those that were seen of a name. */
export async function acceptValue(
  context: Context,
  text: string,
  value: string,
  flags: { json?: true },
): Promise<void> {
  const cid = parseCidText(value.replace(/^(ipfs:\/\/|\/ipfs\/)/, ''))
  if (cid === undefined) throw new InvalidError('usage', `this is no CID: ${value}`, { hint: 'give it as shown' })
  const record = await namesHere(context).choose(text, cid)
  if (flags.json) return context.terminal.json(recordDocument(record))
  await context.terminal.out(`from now on ipns://${record.name} means ${record.value} at sequence ${record.sequence}\n`)
}

interface NameForks {
  name: string
  /** The newest sequence that was seen. */
  sequence: bigint | undefined
  /** Whether the user chose at that sequence. */
  isSettled: boolean
  forks: ForkedRecord[]
}

async function forksOf(names: KnownNames, name: string): Promise<NameForks> {
  const [seen, forks] = [await names.seen(name), await names.forks(name)]
  return { name, sequence: seen?.sequence, isSettled: seen?.settled === seen?.sequence && seen !== undefined, forks }
}

function documentOf({ name, sequence, isSettled, forks }: NameForks): object {
  const records = forks.map(({ record, from, isKept }) => ({ ...recordDocument(record), from, kept: isKept }))
  return { name, sequence, settled: isSettled || forks.every(({ record }) => record.sequence !== sequence), records }
}

function linesOf({ name, sequence, isSettled, forks }: NameForks): string[] {
  const lines = forks.map(({ record, from, isKept }) => {
    const now = isSettled ? (isKept ? ', taken' : ', set aside') : isKept ? ', had first' : ''
    const state = record.sequence === sequence ? now : ', past'
    return `  ${record.value} at sequence ${record.sequence}${from === undefined ? '' : `, from ${from}`}${state}\n`
  })
  return [`ipns://${name}\n`, ...lines]
}
