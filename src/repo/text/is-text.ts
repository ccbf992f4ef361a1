/** As git: a NUL byte among the first 8000 means that it is no text. */
const SNIFF_BYTES = 8000

/** Whether bytes look like text, by git's rule; the beginning of a file is enough. */
export function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, SNIFF_BYTES).includes(0)
}
