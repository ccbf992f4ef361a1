import { extname } from 'node:path'

/**
 * Where the worker file `src/NAME.ts` is, for `new Worker(url)`: `store/ingest-worker`, say.
 *
 * Works from source, from the bundle and from the published package: there this module is in `dist/cli` or `dist/chunks`,
 * and the workers are entries of their own in the folder of their layer, all one folder deep.
 */
export function workerUrl(name: string): URL {
  return new URL(`../${name}${extname(import.meta.url)}`, import.meta.url)
}
