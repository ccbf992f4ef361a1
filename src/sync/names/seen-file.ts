import { IntegrityError } from '../../model/errors.ts'
import type { SeenRecord } from './record-judgement.ts'

/** What is remembered of a name, in the file `NAME.seen`. */
export interface SeenFile extends SeenRecord {
  /** Who gave the newest record; undefined where it was signed here, or that is not known. */
  from?: string | undefined
  /** The highest sequence that this home signed itself. */
  signed?: bigint | undefined
  /** The sequence at which the user chose between the records of a fork. */
  settled?: bigint | undefined
  /** The records of forks, as evidence. */
  forks: ForkEvidence[]
}

/** One record of a fork. */
export interface ForkEvidence {
  /** The marshalled record, base64. */
  record: string
  /** Who gave it. */
  from?: string | undefined
}

/** The text of the file: JSON, sequences as decimal text. */
export function formatSeen({ sequence, value, validity, from, signed, settled, forks }: SeenFile): string {
  const fields = {
    sequence: sequence.toString(),
    value,
    validity,
    from,
    signed: signed?.toString(),
    settled: settled?.toString(),
    forks,
  }
  return `${JSON.stringify(fields, undefined, 2)}\n`
}

/** Reads the file's text. Throws IntegrityError `seen-corrupt` (details: `path`). */
export function parseSeen(text: string, path: string): SeenFile {
  try {
    const fields = JSON.parse(text) as Record<string, unknown>
    const { sequence, value, validity, from, signed, settled, forks } = fields
    const isWhole = typeof sequence === 'string' && typeof value === 'string' && typeof validity === 'string'
    if (isWhole && Array.isArray(forks)) {
      return {
        sequence: BigInt(sequence),
        value,
        validity,
        from: typeof from === 'string' ? from : undefined,
        signed: typeof signed === 'string' ? BigInt(signed) : undefined,
        settled: typeof settled === 'string' ? BigInt(settled) : undefined,
        forks: forks.map(parseEvidence),
      }
    }
  } catch {
    // Said below, as for a file that is JSON of something else.
  }
  throw new IntegrityError('seen-corrupt', `what was seen of a name cannot be read: ${path}`, {
    hint: 'remove the file: it is made anew from the newest record, or from what peers say',
    details: { path },
  })
}

/** At first only the record was kept, as text. */
function parseEvidence(value: unknown): ForkEvidence {
  if (typeof value === 'string') return { record: value }
  const { record, from } = value as Record<string, unknown>
  if (typeof record !== 'string') throw new TypeError('no record')
  return { record, from: typeof from === 'string' ? from : undefined }
}
