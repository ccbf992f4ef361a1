import type { CID } from 'multiformats/cid'

import { parseCidText } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import type { Home } from '../../node/home/home.ts'
import { SELF_KEY } from '../../node/home/key-store.ts'
import { readOwnName } from '../../node/names/own-names.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { Context } from '../context.ts'
import { readDuration } from '../duration.ts'
import { withRepository } from '../here.ts'
import { openHomeHere } from '../network.ts'
import { openRecalled } from './carried-publication.ts'
import { giveToRouters } from './give-to-routers.ts'
import { recordDocument, recordLine } from './record-document.ts'

interface PublishFlags {
  key?: string
  lifetime?: string
  ttl?: string
  sequence?: string
  json?: true
}

/** `jzfs name publish`: signs what the name of a key means, and gives the record to the routers. */
export async function publishHere(context: Context, value: string, flags: PublishFlags): Promise<void> {
  const { publishName } = await import('../../node/names/publish-name.ts')
  const home = openHomeHere(context)
  const key = flags.key ?? SELF_KEY
  const request = {
    key,
    cid: await readValue(context, value),
    lifetimeMs: flags.lifetime === undefined ? undefined : readDuration(flags.lifetime),
    ttlMs: flags.ttl === undefined ? undefined : readDuration(flags.ttl),
    sequence: flags.sequence === undefined ? undefined : readSequence(flags.sequence),
    command: context.commandLine,
    now: context.now(),
    signal: context.signal,
  }
  const name = home.keys.read(key)?.name
  const { routers } = await openRecalled(context, home, name === undefined ? [] : [name])
  const isNew = name === undefined || readOwnName(home, name) === undefined
  const record = await publishName(home, request)
  await giveToRouters(context, routers, record)
  if (flags.json) return context.terminal.json(recordDocument(record))
  await context.terminal.out(`published ipns://${record.name}\n  ${record.value}, ${recordLine(record)}\n`)
  if (isNew) await sayWhatIsServed(context, home, record)
}

/** `jzfs name unpublish`: gives the record no more. */
export async function unpublishHere(context: Context, text: string, flags: { json?: true }): Promise<void> {
  const { unpublishName } = await import('../../node/names/publish-name.ts')
  const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
  const name = parseIpnsName(text)
  const options = { command: context.commandLine, signal: context.signal }
  await unpublishName(openHomeHere(context), name, options)
  if (flags.json) return context.terminal.json({ name })
  await context.terminal.out(`no longer published: ipns://${name}\n`)
  context.terminal.say('what others have of it ends with its life; the name and its key are kept')
}

/** A name is not its data: said once. */
async function sayWhatIsServed(context: Context, home: Home, record: IpnsRecord): Promise<void> {
  const { createServedBlocks } = await import('../../node/offer/served-blocks.ts')
  const served = createServedBlocks(home)
  const isServed = served.view('everybody').mayServe(record.cid)
  await served.close()
  if (isServed) return
  context.terminal.say('only the name is published; what it means is served by `jzfs publish` or `jzfs pin add`')
}

/** A CID as it is written anywhere, else a revision of the repository that the user stands in. */
async function readValue(context: Context, text: string): Promise<CID> {
  const [, scheme, rest = ''] = /^(?:\/?(ipns|ipfs)(?::\/)?\/)?(.*?)\/?$/s.exec(text) ?? []
  if (scheme === 'ipns') {
    throw new InvalidError('record-value-unsupported', `a name cannot mean another name: ${text}`, {
      hint: 'give what that one means: `jzfs resolve NAME` shows it',
      details: { value: text },
    })
  }
  const cid = parseCidText(rest)
  if (cid !== undefined) return cid
  const { resolveRevision } = await import('../../repo/revision.ts')
  const { revisionOptions } = await import('../revisions.ts')
  return withRepository(context, async (repository) => {
    const found = await resolveRevision(repository, text, revisionOptions(context, repository))
    return found.cid
  })
}

function readSequence(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) >> 64n === 0n) return BigInt(text)
  throw new InvalidError('usage', `this is no sequence: ${text}`, { hint: 'a sequence is a number from 0' })
}
