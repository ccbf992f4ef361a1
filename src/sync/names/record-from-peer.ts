import { ConflictError, IntegrityError } from '../../model/errors.ts'
import { fromPeer } from '../protocol/receive-blocks.ts'

/**
 * What was wrong with a record, told of whom it came from (details: `peer`): that it is behind, that it says otherwise, or
 * that it sent what must not be used. Any other error stays as it is.
 */
export function recordFromPeer(error: unknown, peer: string): unknown {
  if (error instanceof IntegrityError && error.code === 'record-older-than-seen') {
    return new IntegrityError(error.code, `${peer} is behind: ${error.message}`, told(error, peer))
  }
  if (error instanceof ConflictError && error.code === 'record-fork') {
    return new ConflictError(error.code, `${peer} says otherwise: ${error.message}`, told(error, peer))
  }
  return fromPeer(error, peer)
}

function told(error: IntegrityError | ConflictError, peer: string) {
  const { hint, details } = error
  return { ...(hint === undefined ? {} : { hint }), cause: error, details: { ...details, peer } }
}
