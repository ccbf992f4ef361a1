import { CID } from 'multiformats/cid'

/** A CIDv1 in base32, or a CIDv0: as everything in a repository writes them. */
const CID_TEXT = /(?<![A-Za-z0-9])(?:b[a-z2-7]{24,}|Qm[1-9A-HJ-NP-Za-km-z]{44})(?![A-Za-z0-9])/g

/**
 * All CIDs that stand anywhere in a text, each once. Whatever a file is for, and whichever version wrote it: what it names
 * is found. A word that only looks like a CID is one more, and does no harm where CIDs say what is to be kept.
 */
export function cidsInText(text: string): CID[] {
  return [...new Set(text.match(CID_TEXT))].flatMap((word) => {
    try {
      return [CID.parse(word)]
    } catch {
      return []
    }
  })
}
