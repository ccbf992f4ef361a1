import type { AbortOptions } from '../model/block.ts'
import type { JzfsError } from '../model/errors.ts'
import type { IngestProgress } from '../store/ingest-request.ts'
import { ingestFiles } from '../store/ingest.ts'
import type { PackWriter } from '../store/pack-writer.ts'
import { stagedEntry, type AddPlan, type FileRequest } from './add-plan.ts'
import type { IndexEntry } from './index-entry.ts'

export interface IngestPlanOptions extends AbortOptions {
  /** The file system's clock from before: what is not older is racy. */
  clock: bigint | undefined
  /** Files to be read after those of the plan. */
  moreFiles?: Iterable<FileRequest> | undefined
  /** Takes each entry in place of the list that is returned: for very many of them. */
  onEntry?: ((entry: IndexEntry) => void) | undefined
  onProgress?: ((progress: IngestProgress) => void) | undefined
}

/** Reads the content that a plan names into a pack, and returns its entries; files that cannot be read come as errors. */
export async function ingestPlan(
  pack: PackWriter,
  plan: AddPlan,
  { clock, signal, moreFiles = [], onEntry, onProgress }: IngestPlanOptions,
): Promise<{ entries: IndexEntry[]; errors: JzfsError[] }> {
  const entries: IndexEntry[] = []
  const take = onEntry ?? ((entry: IndexEntry) => entries.push(entry))
  for (const entry of plan.entries) take(entry)
  const errors: JzfsError[] = []
  for await (const result of ingestFiles(pack, bothOf(plan.files, moreFiles), { signal, onProgress })) {
    if (result.error !== undefined) {
      errors.push(result.error)
      continue
    }
    const { request, cid, contentCid, size, tsize, stat } = result
    const kind = request.executable ? 'executable' : 'file'
    const stamp = { mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, inode: stat.ino }
    take(stagedEntry(clock, request.name, stamp, { kind, cid, contentCid, size, tsize }))
  }
  for (const block of plan.blocks) pack.add(block)
  return { entries, errors }
}

function* bothOf<T>(first: Iterable<T>, second: Iterable<T>): Generator<T, void, undefined> {
  yield* first
  yield* second
}
