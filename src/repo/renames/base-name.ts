/** The name of a path in its directory. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
