import { CID } from 'multiformats/cid'

import type { ConflictKind } from '../../repo/merge/tree-merge.ts'
import { compareByteStrings, toByteString } from './byte-string.ts'
import type { IndexEntry } from './index-entry.ts'

/** Content of a path, without stat data. */
export type NotedContent = Pick<IndexEntry, 'kind' | 'cid' | 'contentCid' | 'size' | 'tsize'>

/** One version of a path that is, or was, in conflict. */
export interface NotedStage extends NotedContent {
  stage: 1 | 2 | 3
}

/** A file that shows the other side of a conflict, beside the path: it is never tracked. */
export interface Artefact extends NotedContent {
  path: string
}

/** What the index knows of a conflict beyond the stages of its path. */
export interface ConflictNote {
  path: string
  kind: ConflictKind
  artefact?: Artefact | undefined
  /** Once it is resolved: the stages that it had, so that it can be brought back. */
  resolved?: readonly NotedStage[] | undefined
}

export const NO_NOTES: readonly ConflictNote[] = []

/** The kind of a conflict of which nothing is noted, by its stages. */
export function kindOfStages(stages: readonly number[]): ConflictKind {
  const kinds: Record<string, ConflictKind> = { '1,2': 'modify-delete', '1,3': 'delete-modify', '2,3': 'add-add' }
  return kinds[stages.join()] ?? (stages.length === 3 ? 'content' : 'rename-rename')
}

/** Notes with others in place of those for the same paths, sorted by the bytes of the paths. */
export function withNotes(notes: readonly ConflictNote[], changed: readonly ConflictNote[]): readonly ConflictNote[] {
  if (changed.length === 0) return notes
  const byPath = new Map([...notes, ...changed].map((note) => [note.path, note]))
  return [...byPath.values()].sort((a, b) => compareByteStrings(toByteString(a.path), toByteString(b.path)))
}

/** The bytes of notes in an index file: JSON; nothing for none. */
export function encodeNotes(notes: readonly ConflictNote[]): Buffer {
  if (notes.length === 0) return Buffer.alloc(0)
  return Buffer.from(JSON.stringify(notes.map(noteDocument)))
}

/** Reads what `encodeNotes` wrote; throws for anything else. */
export function decodeNotes(bytes: Buffer): readonly ConflictNote[] {
  if (bytes.length === 0) return NO_NOTES
  return (JSON.parse(bytes.toString('utf8')) as ConflictNoteDocument[]).map(noteOf)
}

type InText<Content> = Omit<Content, 'cid' | 'contentCid'> & { cid: string; contentCid: string }

/** A note in JSON: its CIDs are text. */
export interface ConflictNoteDocument {
  path: string
  kind: ConflictKind
  artefact?: InText<Artefact> | undefined
  resolved?: InText<NotedStage>[] | undefined
}

/** A note as a JSON document. */
export function noteDocument({ path, kind, artefact, resolved }: ConflictNote): ConflictNoteDocument {
  return { path, kind, artefact: artefact && inText(artefact), resolved: resolved?.map(inText) }
}

/** The note of a JSON document. */
export function noteOf({ path, kind, artefact, resolved }: ConflictNoteDocument): ConflictNote {
  return { path, kind, artefact: artefact && ofText(artefact), resolved: resolved?.map(ofText) }
}

function inText<Content extends NotedContent>(content: Content): InText<Content> {
  return { ...content, cid: content.cid.toString(), contentCid: content.contentCid.toString() }
}

function ofText<Content extends NotedContent>(content: InText<Content>): Content {
  // The compiler cannot see that a type without two of its fields, and with them again, is that type.
  return { ...content, cid: CID.parse(content.cid), contentCid: CID.parse(content.contentCid) } as unknown as Content
}
