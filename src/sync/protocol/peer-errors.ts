import type { CID } from 'multiformats/cid'

import { IntegrityError, UnavailableError } from '../../model/errors.ts'
import { WireProblem } from './wire-problem.ts'

const DISTRUST = 'do not use this peer; fetch from another one'

/** A block whose bytes are not what its CID names: IntegrityError `peer-sent-corrupt-block` (details: `peer`, `cid`). */
export function corruptBlock(peer: string, cid: CID): IntegrityError {
  return new IntegrityError('peer-sent-corrupt-block', `${peer} sent bytes that are not ${cid.toString()}`, {
    hint: DISTRUST,
    details: { peer, cid: cid.toString() },
  })
}

/** A block out of turn, twice, or past the end: IntegrityError `peer-sent-unrequested` (details: `peer`, `due`). */
export function unrequestedBlock(peer: string, due: CID | undefined): IntegrityError {
  const expected = due === undefined ? 'after the last block' : `where ${due.toString()} was due`
  return new IntegrityError('peer-sent-unrequested', `${peer} sent something that was not asked for, ${expected}`, {
    hint: DISTRUST,
    details: { peer, due: due?.toString() },
  })
}

/** Bytes that break the protocol or the CAR format: IntegrityError `peer-sent-malformed` (details: `peer`). */
export function malformed(peer: string, problem: string): IntegrityError {
  return new IntegrityError('peer-sent-malformed', `${peer} does not keep to the protocol: ${problem}`, {
    hint: 'it may run another version of jzfs; else do not use this peer',
    details: { peer },
  })
}

/** What a WireProblem is for whoever reads from a peer: `malformed` or `closedEarly`. Other errors stay. */
export function explainWireProblem(error: unknown, peer: string): unknown {
  if (!(error instanceof WireProblem)) return error
  return error.isCutShort ? closedEarly(peer, error) : malformed(peer, error.message)
}

/** A stream that ended or broke too soon: UnavailableError `peer-closed-early` (details: `peer`). */
export function closedEarly(peer: string, cause?: unknown): UnavailableError {
  return new UnavailableError('peer-closed-early', `${peer} ended the transfer before everything was there`, {
    hint: 'run the command again: it goes on where it stopped',
    cause,
    details: { peer },
  })
}

/** A peer that is connected and does nothing: UnavailableError `peer-too-slow` (details: `peer`, `idleTimeoutMs`). */
export function tooSlow(peer: string, idleTimeoutMs: number): UnavailableError {
  return new UnavailableError('peer-too-slow', `nothing came from ${peer} for ${idleTimeoutMs / 1000} s`, {
    hint: 'run the command again later, or with another peer',
    details: { peer, idleTimeoutMs },
  })
}
