import type { CID } from 'multiformats/cid'

import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { JzfsError } from '../../model/errors.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import type { Repository } from '../../repo/repository.ts'
import { verifyStarts } from '../../repo/verify.ts'
import { type VerifyFinding, type VerifyOptions, type VerifyProgress, VerifyRun } from '../../repo/verify/verify-run.ts'
import type { Home } from '../home/home.ts'
import { listPins, withPins } from '../publish/home-pins.ts'

/** What a verification of pins found. */
export interface VerifiedPins {
  /** What is missing or corrupt; `revision` is the label of the pin by which it was met first. */
  findings: VerifyFinding[]
  totals: VerifyProgress | undefined
}

/**
 * Hashes everything again that the pins of a home reach, each block once, and checks its structure. Changes nothing. At most
 * 1000 findings are given; the totals count all.
 */
export async function verifyPins(home: Home, options: VerifyOptions & { command: string }): Promise<VerifiedPins> {
  const { command, signal } = options
  const pins = await listPins(home, { command })
  const verified: VerifiedPins = { findings: [], totals: undefined }
  await withPins(home, { command }, async (repository) => {
    const run = new VerifyRun(repository.store, options)
    for (const { label, cid } of pins) {
      const { starts, findings } = await startsOf(repository, label, cid, { signal })
      keep(verified, findings)
      const places = starts.map((start) => ({ cid: start, revision: label }))
      for await (const finding of verifyStarts(run, places)) keep(verified, [finding])
    }
    verified.totals = run.finish()
  })
  return verified
}

const MAX_FINDINGS = 1000

function keep(verified: VerifiedPins, findings: readonly VerifyFinding[]): void {
  for (const finding of findings) if (verified.findings.length < MAX_FINDINGS) verified.findings.push(finding)
}

/** A manifest is read here, and what it names is verified as any root. */
async function startsOf(
  { store }: Repository,
  label: string,
  cid: CID,
  { signal }: VerifyOptions,
): Promise<{ starts: CID[]; findings: VerifyFinding[] }> {
  if (cid.code !== DAG_JSON) return { starts: [cid], findings: [] }
  try {
    const bytes = await store.get(cid, { signal })
    const isManifest = nodeType(cid, bytes) === 'jzfs/manifest/1'
    return { starts: isManifest ? linksOf(cid, bytes) : [cid], findings: [] }
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    const { code, message } = error
    const finding = { code, cid, message, revision: label, commit: undefined, path: undefined }
    return { starts: [], findings: [finding] }
  }
}
