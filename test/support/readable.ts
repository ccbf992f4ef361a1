/** A value as its JSON: CIDs become `{ '/': text }`, so that two of them compare by what they say and not by how they are held. */
export function readable(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}
