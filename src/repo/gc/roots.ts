import type { Layout } from '../layout.ts'
import { listOperationFiles } from '../operation/operation-log.ts'
import { PARTIAL_REFS } from '../refs/partial-ref.ts'
import { listRefFiles } from '../refs/ref-files.ts'
import type { Repository } from '../repository.ts'
import { cidsInText } from './cids-in-text.ts'
import { logFiles, readText } from './expire-records.ts'
import type { Marker } from './marker.ts'
import { stateFiles } from './state-files.ts'

/** Marks what refs and HEAD name: all of it must be there. Those that are not listed with the others are marked, too. */
export async function markRefs({ refs, layout }: Repository, marker: Marker): Promise<void> {
  const head = await refs.head()
  if ('detached' in head) await marker.mark(head.detached, 'whole')
  for (const { cid } of await refs.list()) await marker.mark(cid, 'whole')
  for (const { name, cid } of listRefFiles(layout, 'refs')) {
    if (!name.startsWith(PARTIAL_REFS)) await marker.mark(cid, 'whole')
  }
}

/** Marks what is named by what is in progress. */
export async function markState(layout: Layout, marker: Marker): Promise<void> {
  for (const path of stateFiles(layout)) await markText(readText(path), marker)
}

/** Marks what reflogs name, and operations that were not seen. */
export async function markNewRecords(layout: Layout, marker: Marker, seen: ReadonlySet<number>): Promise<void> {
  for (const path of logFiles(layout.logs)) await markText(readText(path), marker)
  for (const { number, path, logsFolder } of listOperationFiles(layout)) {
    if (seen.has(number)) continue
    for (const file of [path, ...logFiles(logsFolder)]) await markText(readText(file), marker)
  }
}

async function markText(text: string, marker: Marker): Promise<void> {
  for (const cid of cidsInText(text)) await marker.mark(cid, 'rest')
}
