import type { Fields } from '../../model/commit/dag-json-fields.ts'
import { FieldProblem } from '../../model/commit/field-problem.ts'
import { IntegrityError, InvalidError } from '../../model/errors.ts'
import { mergeDocument, readMerge } from './merge-sequence.ts'
import { readReplay, replayDocument } from './replay-sequence.ts'
import type { Sequence } from './sequence.ts'

/** A sequence as a JSON document: its CIDs are text. */
export type SequenceDocument = Fields

/** How each kind is read, strictly. */
const READERS: { [Kind in Sequence['kind']]: (fields: Fields) => Sequence } = {
  merge: readMerge,
  'cherry-pick': readReplay,
  revert: readReplay,
  rebase: readReplay,
}

const TYPE = 'jzfs/sequence/1'

/** The document that stands in `sequence.json` (and, as `parseSequence` reads it, in an operation's entry). */
export function sequenceDocument(sequence: Sequence): SequenceDocument {
  return { type: TYPE, ...(sequence.kind === 'merge' ? mergeDocument(sequence) : replayDocument(sequence)) }
}

/** Reads a document strictly. Throws FieldProblem, and InvalidError `sequence-newer` for a type or kind of another version's making. */
export function sequenceOf(document: unknown): Sequence {
  if (typeof document !== 'object' || document === null) throw new FieldProblem('', 'must be a map')
  const { type, ...fields } = document as Fields
  const kind = fields['kind']
  if (typeof type !== 'string' || typeof kind !== 'string') throw new FieldProblem('', 'has no type and kind')
  if (type !== TYPE || !Object.hasOwn(READERS, kind)) {
    throw new InvalidError('sequence-newer', `what is in progress here is of an unknown kind: ${type}, ${kind}`, {
      hint: 'use the newer jzfs that began it',
      details: { type, kind },
    })
  }
  return READERS[kind as Sequence['kind']](fields)
}

/** The text of `sequence.json`: a JSON document, and a line feed. */
export function formatSequence(sequence: Sequence): string {
  return `${JSON.stringify(sequenceDocument(sequence))}\n`
}

/** Reads the text of `sequence.json`; `path` is for messages. Throws IntegrityError `sequence-corrupt`, and InvalidError `sequence-newer`. */
export function parseSequence(text: string, path: string): Sequence {
  try {
    return sequenceOf(JSON.parse(text))
  } catch (cause) {
    if (!(cause instanceof FieldProblem || cause instanceof SyntaxError)) throw cause
    throw new IntegrityError('sequence-corrupt', `what is in progress here cannot be read: ${path}`, {
      hint: 'look at `jzfs status`, settle what is in conflict, then move the file away',
      cause,
      details: { path },
    })
  }
}
