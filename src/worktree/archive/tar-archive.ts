import type { Pack } from 'tar-stream'

import type { NodeKind } from '../../model/unixfs/node.ts'
import type { ArchiveEntry } from './archive-entries.ts'
import { ARCHIVE_MODES, type ArchiveForm } from './archive-form.ts'

/**
 * Writes a tar archive (POSIX ustar, with pax headers where a name or a time does not fit): owner and group 0, no time but
 * the one given. The same entries give the same bytes.
 */
export async function* tarArchive(entries: AsyncIterable<ArchiveEntry>, form: ArchiveForm): AsyncGenerator<Uint8Array> {
  const { pack } = await import('tar-stream')
  const tar = pack()
  const written = write(tar, entries, form).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  try {
    for await (const piece of tar) yield piece as Uint8Array
  } finally {
    tar.destroy()
    await written
  }
}

async function write(tar: Pack, entries: AsyncIterable<ArchiveEntry>, form: ArchiveForm): Promise<void> {
  for await (const entry of entries) {
    const header = headerOf(entry, form)
    const pieces = entry.content()
    const first = await pieces.next()
    const content = first.done === true ? NOTHING : first.value
    if (content.length === header.size) await writeWhole(tar, header, content)
    else await writePieces(tar, header, content, pieces)
  }
  tar.finalize()
}

const NOTHING = new Uint8Array(0)

type EntryHeader = Parameters<Pack['entry']>[0]

function writeWhole(tar: Pack, header: EntryHeader, content: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink = tar.entry(header, content, (error) => (error == null ? resolve() : reject(error)))
    sink.on('error', ignore)
  })
}

async function writePieces(
  tar: Pack,
  header: EntryHeader,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  // Where nobody reads on, the entry is destroyed: then this is what ends the wait below.
  ended.catch(() => {})
  const sink = tar.entry(header, (error) => (error == null ? resolve() : reject(error)))
  sink.on('error', ignore)
  const put = (piece: Uint8Array) => {
    if (sink.write(piece)) return undefined
    return Promise.race([new Promise<void>((drained) => void sink.once('drain', drained)), ended])
  }
  await put(first)
  for await (const piece of rest) await put(piece)
  sink.end(undefined)
  await ended
}

/** What ends an archive is thrown to whoever reads it, not by each of its entries. */
function ignore(): void {}

const TYPES: Readonly<Record<NodeKind, 'file' | 'symlink' | 'directory'>> = {
  file: 'file',
  executable: 'file',
  symlink: 'symlink',
  directory: 'directory',
}

/** The latest time that the library writes into a header; other times go into a pax header. */
const LAST_SECOND = 0x7fffffff

function headerOf({ path, node }: ArchiveEntry, { prefix, seconds }: ArchiveForm): EntryHeader {
  const isDirectory = node.kind === 'directory'
  const fits = seconds >= 0 && seconds <= LAST_SECOND
  return {
    name: isDirectory && path !== '' ? `${prefix}${path}/` : prefix + path,
    type: TYPES[node.kind],
    mode: ARCHIVE_MODES[node.kind] & 0o7777,
    size: node.kind === 'symlink' ? 0 : node.size,
    mtime: new Date(fits ? seconds * 1000 : 0),
    ...(node.target !== undefined && { linkname: node.target }),
    uid: 0,
    gid: 0,
    uname: 'root',
    gname: 'root',
    ...(!fits && { pax: { mtime: String(seconds) } }),
  }
}
