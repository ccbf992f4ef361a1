import { createRandom } from '../../support/random.ts'
import type { Leaf, SketchedCommit } from './both-tools.ts'

const PATHS = ['a.txt', 'b.txt', 'd/x.txt', 'd/y.c', 'e/f/z', 'name with space', 'grüße']
const PERSONS = ['Ada', 'Bob', 'Zoë', 'bob'].map((name) => ({ name, email: `${name.length}@example.org` }))

/**
 * A random history of texts whose lines are all distinct: changed, inserted and removed lines, changes of white space alone,
 * renames with few changes, executables, symlinks, bytes that are no text; branches, and merges that take both sides and
 * sometimes add something of their own.
 */
export function sketchTexts(seed: number, count: number): SketchedCommit[] {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]) => list[below(list.length)] as T
  const made: SketchedCommit[] = []
  let lines = 0
  const line = () => `line ${lines++} of ${pick(['apples', 'pears', 'plums'])}`
  const text = () => `${Array.from({ length: 8 + below(20) }, line).join('\n')}${below(6) === 0 ? '' : '\n'}`

  const edited = (before: string): string => {
    const all = before.split('\n')
    for (let edits = 1 + below(3); edits > 0; edits--) {
      const at = below(all.length - 1)
      const kind = below(5)
      if (kind === 0) all.splice(at, 1 + below(2))
      else if (kind === 1) all.splice(at, 0, line(), ...(below(2) === 0 ? [''] : []))
      else if (kind === 2) all[at] = `${all[at]?.replace(' of ', '  of  ')}${below(2) === 0 ? ' ' : ''}`
      else if (kind === 3) all[at] = all[at]?.replace(/\w+$/, pick(['cherries', 'figs'])) ?? ''
      else all[at] = line()
    }
    // We take no empty file for a renamed one, and git does.
    return all.join('\n') || `${line()}\n`
  }

  const change = (files: Map<string, Leaf>): void => {
    const path = pick(PATHS)
    const before = files.get(path)
    const kind = below(12)
    if (before === undefined) files.set(path, kind === 0 ? `\0${line()}\0` : text())
    else if (kind === 0) files.delete(path)
    else if (kind === 1) files.set(path, typeof before === 'string' ? { executable: before } : text())
    else if (kind === 2) files.set(path, { target: `to ${line()}` })
    else if (kind === 3 && typeof before === 'string') {
      files.delete(path)
      files.set(`moved/${below(3)}${path.replaceAll('/', '-')}`, below(2) === 0 ? before : `${before}${line()}\n`)
    } else if (typeof before === 'string') files.set(path, edited(before))
    else if ('executable' in before) files.set(path, { executable: edited(before.executable) })
  }

  for (let at = 0; at < count; at++) {
    const parents =
      at === 0
        ? []
        : [...new Set([at - 1 - below(Math.min(at, 3)), ...(at > 3 && below(4) === 0 ? [at - 1 - below(3)] : [])])]
    const [first, second] = parents.map((parent) => made[parent]?.files)
    const files = new Map(first)
    for (const [path, leaf] of second ?? []) if (below(2) === 0) files.set(path, leaf)
    for (let changes = parents.length > 1 ? below(3) : 1 + below(3); changes > 0; changes--) change(files)
    const message = `${pick(['Fix', 'Add', '[PATCH] Move', 'Count'])} ${at}${below(2) === 0 ? '' : `\n\nWith a body of ${line()}\n\tand a tab.`}\n`
    made.push({ parents, message, author: pick(PERSONS), files })
  }
  return made
}
