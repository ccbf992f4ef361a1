import { quoteName } from '../../model/quote-name.ts'

/** A rename in one word as git shows it: `dir/{old => new}/file`, with what both paths share written once. */
export function renameLabel(from: string, to: string): string {
  if (quoteName(from) !== from || quoteName(to) !== to) return `${quoteName(from)} => ${quoteName(to)}`
  const prefix = sharedPrefix(from, to)
  const suffix = sharedSuffix(from, to, prefix)
  const middle = (path: string) => path.slice(prefix, Math.max(prefix, path.length - suffix))
  const label = `${middle(from)} => ${middle(to)}`
  if (prefix + suffix === 0) return label
  return `${from.slice(0, prefix)}{${label}}${from.slice(from.length - suffix)}`
}

/** The length of the directories that both begin with. */
function sharedPrefix(from: string, to: string): number {
  let length = 0
  for (let at = 0; at < from.length && from[at] === to[at]; at++) if (from[at] === '/') length = at + 1
  return length
}

/** The length of the whole names, with the slash before them, that both end with; the prefix's slash may be one of it. */
function sharedSuffix(from: string, to: string, prefix: number): number {
  const first = prefix === 0 ? 0 : prefix - 1
  let length = 0
  for (let back = 1; from.length - back >= first && to.length - back >= first; back++) {
    if (from[from.length - back] !== to[to.length - back]) break
    if (from[from.length - back] === '/') length = back
  }
  return length
}
