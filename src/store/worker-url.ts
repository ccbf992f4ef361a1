import { extname } from 'node:path'

/**
 * Where the worker file `src/store/NAME.ts` is, for `new Worker(url)`.
 *
 * Works from source (`src/store/*.ts`), from the bundle and from the published package: there this module is in
 * `dist/cli` or `dist/chunks`, and the workers are entries of their own in `dist/store`, all one folder deep.
 */
export function workerUrl(name: string): URL {
  return new URL(`../store/${name}${extname(import.meta.url)}`, import.meta.url)
}
