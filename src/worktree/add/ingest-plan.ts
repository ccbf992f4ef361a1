import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { IngestCheckpoint, IngestProgress } from '../../store/ingest/ingest-request.ts'
import { ingestFiles } from '../../store/ingest/ingest.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { stagedEntry, type AddPlan, type FileRequest } from './add-plan.ts'
import type { AddProgress } from './add-progress.ts'

export interface IngestPlanOptions extends AbortOptions {
  /** The file system's clock from before: what is not older is racy. */
  clock: bigint | undefined
  /** Files to be read after those of the plan. */
  moreFiles?: Iterable<FileRequest> | undefined
  /** Takes each entry in place of the list that is returned: for very many of them. */
  onEntry?: ((entry: IndexEntry) => void) | undefined
  onProgress?: ((progress: IngestProgress) => void) | undefined
  /** What earlier attempts have stored; noted there, at each checkpoint durably, is what this one stores. */
  progress?: AddProgress | undefined
  /** See `IngestOptions`. */
  checkpointBytes?: number | undefined
}

/** Reads the content that a plan names into a pack, and returns its entries; files that cannot be read come as errors. */
export async function ingestPlan(
  pack: PackWriter,
  plan: AddPlan,
  { clock, moreFiles = [], onEntry, progress, ...options }: IngestPlanOptions,
): Promise<{ entries: IndexEntry[]; errors: JzfsError[] }> {
  const entries: IndexEntry[] = []
  const take = onEntry ?? ((entry: IndexEntry) => entries.push(entry))
  for (const entry of plan.entries) take(entry)
  const errors: JzfsError[] = []
  const requests = requestsOf([plan.files, moreFiles], progress)
  const onCheckpoint = async ({ partial }: IngestCheckpoint<FileRequest>): Promise<void> => {
    for (const { request, prefix } of partial) progress?.note(request.name, prefix, clock)
    await progress?.save()
  }
  for await (const result of ingestFiles(pack, requests, { ...options, onCheckpoint })) {
    if (result.error !== undefined) {
      errors.push(result.error)
      continue
    }
    const { request, cid, contentCid, size, tsize, stat, prefix } = result
    if (prefix !== undefined) progress?.note(request.name, prefix, clock)
    const kind = request.executable ? 'executable' : 'file'
    const stamp = { mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, inode: stat.ino }
    take(stagedEntry(clock, request.name, stamp, { kind, cid, contentCid, size, tsize }))
  }
  for (const block of plan.blocks) pack.add(block)
  return { entries, errors }
}

function* requestsOf(
  lists: Iterable<FileRequest>[],
  progress: AddProgress | undefined,
): Generator<FileRequest, void, undefined> {
  for (const list of lists) {
    for (const request of list) {
      const prefix = progress?.find(request.name)
      yield prefix === undefined ? request : { ...request, prefix }
    }
  }
}
