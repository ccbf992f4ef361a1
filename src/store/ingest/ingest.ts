import type { PackWriter } from '../pack/pack-writer.ts'
import type { IngestOptions, IngestRequest, IngestResult } from './ingest-request.ts'
import { createIngestRun } from './ingest-run.ts'

/**
 * Reads files into a pack: hashed in worker threads, which write blocks that are new straight into the pack's file.
 *
 * Yields one result per request, in the order in which files are finished. Takes requests as it needs them, so that
 * neither they nor the results pile up. What is wrong with one file is its result; the others go on. Throws when the
 * pack cannot be written (UnavailableError `disk-full` …, `worker-crashed`): the pack is aborted then. On `signal`
 * throws its reason; as when the consumer stops early, the pack stays as it is, to be finished or aborted.
 *
 * While it runs nobody else may add to the pack, except the consumer between two results.
 */
export async function* ingestFiles<R extends IngestRequest>(
  pack: PackWriter,
  requests: Iterable<R> | AsyncIterable<R>,
  options: IngestOptions<R> = {},
): AsyncGenerator<IngestResult<R>, void, undefined> {
  const run = createIngestRun(pack, requests, options)
  try {
    yield* run.results()
  } finally {
    await run.stop()
  }
}
