import { CID } from 'multiformats/cid'

import { packCorruptError } from './corrupt-errors.ts'
import { FIRST_SECTION_OFFSET, MAX_SECTION_SIZE, sectionLayout } from './pack-format.ts'
import type { Pack } from './pack.ts'

/** Read at a time. */
const CHUNK_SIZE = 4 * 1024 * 1024

/** One section of a pack. */
export interface PackSection {
  cid: CID
  /** Not verified. Valid until the next section is asked for. */
  bytes: Uint8Array
  /** Where the section starts in the file. */
  start: number
}

/**
 * All sections of a pack in the order of the file, in constant memory, not verified.
 *
 * Throws IntegrityError `pack-corrupt` where the file is no pack or a section has no sense; what comes after cannot be
 * found then. Throws PackGoneError where the file is not there any more.
 */
export function* packSections(pack: Pack): Generator<PackSection> {
  const end = pack.layout()?.indexOffset
  if (end === undefined) throw pack.problem ?? packCorruptError(pack.path, 'it is no whole pack')
  let start = FIRST_SECTION_OFFSET
  while (start < end) {
    const chunk = pack.readAt(start, Math.min(CHUNK_SIZE, end - start))
    let at = 0
    for (let section = sectionLayout(chunk, at); section !== undefined; section = sectionLayout(chunk, at)) {
      if (section.end > chunk.length) break
      const cid = decodeCid(pack.path, chunk.subarray(section.cidStart, section.blockStart))
      yield { cid, bytes: chunk.subarray(section.blockStart, section.end), start: start + at }
      at = section.end
    }
    if (at === 0) {
      const whole = wholeSection(pack, chunk, start, end)
      yield whole.section
      at = whole.size
    }
    start += at
  }
}

/** The first section of a chunk that does not hold it whole. */
function wholeSection(
  pack: Pack,
  chunk: Uint8Array,
  start: number,
  end: number,
): { section: PackSection; size: number } {
  const layout = sectionLayout(chunk, 0)
  if (
    layout === undefined ||
    start + layout.end > end ||
    layout.end <= chunk.length ||
    layout.end > 2 * MAX_SECTION_SIZE
  ) {
    throw packCorruptError(pack.path, `no section at byte ${start}`)
  }
  const bytes = pack.readAt(start, layout.end)
  if (bytes.length < layout.end) throw packCorruptError(pack.path, 'the file is cut short')
  const cid = decodeCid(pack.path, bytes.subarray(layout.cidStart, layout.blockStart))
  return { section: { cid, bytes: bytes.subarray(layout.blockStart), start }, size: layout.end }
}

/** The CID with these bytes, copied; IntegrityError `pack-corrupt` about the pack at `path` where they are none. */
export function decodeCid(path: string, bytes: Uint8Array): CID {
  try {
    return CID.decode(bytes.slice())
  } catch (error) {
    throw packCorruptError(path, 'a section begins with no CID', error)
  }
}
