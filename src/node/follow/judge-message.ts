import { JzfsError } from '../../model/errors.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import { verifyRecord } from '../../sync/names/verify-record.ts'
import type { Home } from '../home/home.ts'
import type { JudgeMessage } from '../network/record-topics.ts'

/**
 * Judges records that come by topic, before they are passed on: what its name did not sign, or is no record, is rejected; what
 * is over, or older than was seen, is ignored. Nothing is remembered: that is for who takes the record.
 */
export function createMessageJudge(home: Home, now: () => Date): JudgeMessage {
  const names = openKnownNames(home.layout.names)
  return async (name, bytes) => {
    try {
      const { sequence, expires } = await verifyRecord(name, bytes)
      if (expires <= now()) return 'ignore'
      const seen = await names.seen(name)
      return seen !== undefined && sequence < seen.sequence ? 'ignore' : 'accept'
    } catch (error) {
      if (!(error instanceof JzfsError)) throw error
      // What is wrong here is not held against the sender.
      return error.code === 'record-forged' || error.code === 'record-invalid' ? 'reject' : 'ignore'
    }
  }
}
