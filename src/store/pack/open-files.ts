import { closeSync, openSync } from 'node:fs'

/** Files kept open for reading: few at a time, the ones used last. */
export interface OpenFiles {
  /** A descriptor of the file at `path`, valid until the next call. Throws the file system's own error. */
  open(path: string): number
  /** Closes one file, if it is open. */
  close(path: string): void
}

/** Keeps at most `limit` files open. Only for synchronous use: a descriptor must not be kept. */
export function createOpenFiles(limit: number): OpenFiles {
  /** In the order of their last use. */
  const descriptors = new Map<string, number>()
  let last: { path: string; fd: number } | undefined

  const close = (path: string): void => {
    const fd = descriptors.get(path)
    if (fd === undefined) return
    descriptors.delete(path)
    if (last?.path === path) last = undefined
    closeSync(fd)
  }

  const open = (path: string): number => {
    if (last?.path === path) return last.fd
    let fd = descriptors.get(path)
    if (fd === undefined) {
      const [oldest] = descriptors.size >= limit ? descriptors.keys() : []
      if (oldest !== undefined) close(oldest)
      fd = openSync(path, 'r')
    }
    descriptors.delete(path)
    descriptors.set(path, fd)
    last = { path, fd }
    return fd
  }

  return { open, close }
}
