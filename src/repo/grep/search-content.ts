import { FileSearch, type FileSearchOptions, type Finding } from './search-file.ts'
import type { Search } from './search.ts'
import { textPieces } from './text-pieces.ts'

export interface SearchContentOptions extends FileSearchOptions {
  /** Called for what is found; its lines are valid until `onPiece` is called. */
  onFinding(finding: Finding): void
  /** Called between pieces of the file. */
  onPiece(): void | Promise<void>
}

/**
 * Searches the bytes of a file, given in pieces, and returns how many lines it found (with `wants: 'any'`, 1 for the first).
 * Memory: a few pieces, and a line of MAX_LINE_BYTES. Throws what `runGuarded` throws.
 */
export async function searchContent(
  search: Search,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: SearchContentOptions,
): Promise<number> {
  const file = new FileSearch(search, options, (finding) => options.onFinding(finding))
  if (file.isDone) return 0
  for await (const piece of textPieces(content)) {
    const push = () => file.push(piece)
    if (search.isRisky) (await import('./run-guarded.ts')).runGuarded(push)
    else push()
    await options.onPiece()
    if (file.isDone) break
  }
  return file.count
}
