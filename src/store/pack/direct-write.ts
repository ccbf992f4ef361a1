import { constants, openSync } from 'node:fs'

/** Both memory and file are cut at multiples of this: what every disk takes. */
export const PAGE_BYTES = 4096

/** Where in its page of memory the byte has to stand that goes to `position` of a file, so that the pages around it fit. */
export function offsetInPage(position: number): number {
  return position % PAGE_BYTES
}

/** Memory that begins with a page: V8 takes whole pages for what may be resized. */
export function pagesOfMemory(sizeBytes: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(sizeBytes, { maxByteLength: sizeBytes }))
}

/** Whether memory is of those pages. */
export function isInPages({ buffer }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && buffer.resizable
}

/**
 * Opens a file that is there for writing past the kernel's cache of it; undefined where the system or the file system has no such
 * thing. What is written so costs neither a copy nor memory, and pushes nothing out of the cache that is worth more.
 */
export function openDirectly(path: string): number | undefined {
  if (constants.O_DIRECT === undefined) return undefined
  try {
    return openSync(path, constants.O_WRONLY | constants.O_DIRECT)
  } catch {
    return undefined
  }
}

/** A part of some bytes. */
export interface Pages {
  start: number
  end: number
}

/** The whole pages of `bytes`, which go to `position`, that can be written so; undefined where there are none. */
export function wholePages(bytes: Uint8Array, position: number): Pages | undefined {
  if (!isInPages(bytes) || offsetInPage(bytes.byteOffset) !== offsetInPage(position)) return undefined
  const start = offsetInPage(PAGE_BYTES - offsetInPage(position))
  const end = bytes.length - offsetInPage(position + bytes.length)
  return start < end ? { start, end } : undefined
}
