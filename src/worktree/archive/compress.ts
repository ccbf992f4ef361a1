import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What comes out of a compressor (`createGzip()`, `createDeflateRaw()`) for content; no more of it is read than is wanted. */
export async function* compress(content: AsyncIterable<Uint8Array>, compressor: Transform): AsyncGenerator<Uint8Array> {
  const fed = pipeline(content, compressor)
  // What fails there is thrown by the reading below.
  fed.catch(() => {})
  try {
    for await (const piece of compressor) yield piece as Uint8Array
  } finally {
    compressor.destroy()
    await fed.catch(() => {})
  }
}
