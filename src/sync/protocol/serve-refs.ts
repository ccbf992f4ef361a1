import type { CID } from 'multiformats/cid'

import { JzfsError } from '../../model/errors.ts'
import type { Exchange, ServedSync } from './exchange.ts'
import { decodeKnownRequest, encodeKnownAnswer } from './messages/known-message.ts'
import type { Fields } from './messages/message-frame.ts'
import { decodeRefsRequest, encodeRefsAnswer } from './messages/refs-message.ts'
import { RefusedRequest, refusalOf } from './messages/refusal.ts'
import { type Offer, type OfferedRepository, repositoryUnknown } from './offer.ts'

/** Answers which refs of a repository the asker may see. */
export async function serveRefs({ offer, send }: Exchange, fields: Fields): Promise<ServedSync> {
  const { repository: wanted, known } = decodeRefsRequest(fields)
  const repository = await openOffered(offer, wanted)
  try {
    const { manifest, heads } = await repository.refs()
    const isKnown = known !== undefined && known.equals(manifest.block.cid)
    const bytes = encodeRefsAnswer({
      repository: repository.name,
      name: manifest.name,
      record: manifest.record,
      manifest: isKnown ? undefined : manifest.block.bytes,
      heads: heads.map(({ ref, name, record, statement }) => ({ ref, name, record, statement })),
      writable: repository.receiver !== undefined,
    })
    await send(bytes)
    return { kind: 'refs', refused: undefined, wants: [], blocks: 0, bytes: bytes.length }
  } finally {
    await repository.close()
  }
}

/** Answers which of some commits the asker may have: what is not there and what is not for it are alike. */
export async function serveKnown({ offer, send }: Exchange, fields: Fields): Promise<ServedSync> {
  const known: CID[] = []
  for (const commit of decodeKnownRequest(fields)) {
    if (await offer.mayServe(commit)) known.push(commit)
  }
  const bytes = encodeKnownAnswer(known)
  await send(bytes)
  return { kind: 'known', refused: undefined, wants: [], blocks: 0, bytes: bytes.length }
}

/** Opens what a request names. Whatever the offer says of one that is not there, the asker is told the same. */
export async function openOffered(offer: Offer, name: string | undefined): Promise<OfferedRepository> {
  try {
    return await offer.openRepository(name)
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'repository-unknown') throw error
    throw new RefusedRequest(refusalOf(repositoryUnknown(name)))
  }
}
