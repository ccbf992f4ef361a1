import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { cidOf, DAG_PB, RAW } from '../../../src/model/cid.ts'
import { compareByteStrings, toByteString } from '../../../src/worktree/index/byte-string.ts'
import { decodeIndex, encodeIndex } from '../../../src/worktree/index/index-codec.ts'
import { directoryKey, knownDirectory, setKnown } from '../../../src/worktree/index/index-directories.ts'
import type { IndexEntry } from '../../../src/worktree/index/index-entry.ts'
import { emptyIndex, updateIndex } from '../../../src/worktree/index/index-update.ts'
import type { StagingIndex } from '../../../src/worktree/index/staging-index.ts'
import { cidArbitrary, entryArbitrary, pathArbitrary } from '../support/index-arbitraries.ts'

const compareKeys = (a: string, b: string): number => compareByteStrings(toByteString(a), toByteString(b))

const asDirectory = (key: string): string => (key === '' ? '' : `${key}/`)

/** The index as a map: what every property compares with. */
function applyNaively(model: Map<string, IndexEntry>, path: string, entry: IndexEntry | undefined): void {
  model.delete(path)
  if (entry === undefined) return
  for (const other of model.keys())
    if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) model.delete(other)
  model.set(path, entry)
}

function sortedEntries(model: Map<string, IndexEntry>): IndexEntry[] {
  return [...model.values()].sort((a, b) => compareKeys(a.path, b.path))
}

function directoriesOf(model: Map<string, IndexEntry>): Set<string> {
  const directories = new Set([''])
  for (const path of model.keys()) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1))
      directories.add(path.slice(0, slash))
  }
  return directories
}

function reread(index: StagingIndex): StagingIndex {
  const bytes = Buffer.concat(encodeIndex(index))
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return decodeIndex(own)
}

const comparable = (entries: Iterable<IndexEntry>): unknown[] =>
  Array.from(entries, ({ cid, contentCid, ...rest }) => ({
    ...rest,
    cid: cid.toString(),
    content: contentCid.toString(),
  }))

const changesArbitrary = fc.array(
  fc.array(
    fc
      .oneof(
        entryArbitrary,
        pathArbitrary.map((path) => ({ path })),
      )
      .map((value) => ({
        path: value.path,
        entry: 'cid' in value ? value : undefined,
      })),
    { maxLength: 12 },
  ),
  { maxLength: 5 },
)

describe('the staging index', () => {
  test('holds what was put into it, through any changes and its file', () => {
    fc.assert(
      fc.property(changesArbitrary, (rounds) => {
        const model = new Map<string, IndexEntry>()
        let index = emptyIndex()
        for (const round of rounds) {
          // Within one round a path stands once, and none above another: callers see to that.
          const paths = round.map(({ path }) => path)
          const clean = round.filter(
            ({ path }, at) =>
              paths.indexOf(path) === at &&
              !paths.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`)),
          )
          for (const { path, entry } of clean) applyNaively(model, path, entry)
          index = reread(
            updateIndex(
              index,
              clean.map(({ path, entry }) => ({ path, entries: entry === undefined ? [] : [entry] })),
            ),
          )
          expect(comparable(index.entries())).toEqual(comparable(sortedEntries(model)))
          for (const path of model.keys()) expect(index.path(index.find(path))).toBe(path)
          const keys = Array.from(index.directories.first, (_, at) =>
            directoryKey(index.columns, index.directories, at),
          )
          expect(keys).toEqual(
            [...directoriesOf(model)]
              .map(toByteString)
              .sort((a, b) => compareByteStrings(asDirectory(a), asDirectory(b))),
          )
        }
      }),
    )
  })

  test('finds nothing for a path that is not there, and the range below a directory', () => {
    fc.assert(
      fc.property(fc.array(entryArbitrary, { maxLength: 20 }), pathArbitrary, (entries, wanted) => {
        const model = new Map<string, IndexEntry>()
        for (const entry of entries) applyNaively(model, entry.path, entry)
        const index = updateIndex(
          emptyIndex(),
          [...model.values()].map((entry) => ({ path: entry.path, entries: [entry] })),
        )
        expect(index.find(wanted) !== -1).toBe(model.has(wanted))
        const [from, to] = index.rangeBelow(wanted)
        const below = sortedEntries(model).filter(({ path }) => path.startsWith(`${wanted}/`))
        expect(comparable(index.entries(from, to))).toEqual(comparable(below))
      }),
    )
  })

  test('a change forgets the CIDs of the directories above it, and of no others', () => {
    fc.assert(
      fc.property(
        fc.array(entryArbitrary, { maxLength: 20 }),
        entryArbitrary,
        cidArbitrary,
        (entries, changed, cid) => {
          const model = new Map<string, IndexEntry>()
          for (const entry of entries) applyNaively(model, entry.path, entry)
          const before = updateIndex(
            emptyIndex(),
            [...model.values()].map((entry) => ({ path: entry.path, entries: [entry] })),
          )
          for (let at = 0; at < before.directories.first.length; at++)
            setKnown(before.directories, at, { cid, tsize: at })
          const tsizes = new Map(
            Array.from(before.directories.first, (_, at) => [directoryKey(before.columns, before.directories, at), at]),
          )
          const index = reread(updateIndex(reread(before), [{ path: changed.path, entries: [changed] }]))
          for (let at = 0; at < index.directories.first.length; at++) {
            const key = directoryKey(index.columns, index.directories, at)
            const known = knownDirectory(index.directories, at)
            const isAbove = key === '' || toByteString(changed.path).startsWith(`${key}/`)
            expect(known?.tsize).toBe(isAbove ? undefined : tsizes.get(key))
            if (!isAbove) expect(known?.cid.toString()).toBe(cid.toString())
          }
        },
      ),
    )
  })

  test('stages of one path stand together, in order', () => {
    const cid = cidOf(RAW, Uint8Array.of(1))
    const entry = {
      kind: 'file',
      cid,
      contentCid: cid,
      size: 1,
      tsize: 1,
      mtimeNs: 1n,
      ctimeNs: 1n,
      inode: 1n,
      racy: false,
    } as const
    const at = (path: string, stage: 0 | 1 | 2 | 3): IndexEntry => ({ ...entry, path, stage })
    const index = updateIndex(emptyIndex(), [
      { path: 'c', entries: [at('c', 3), at('c', 1), at('c', 2)] },
      { path: 'a', entries: [at('a', 0)] },
    ])
    expect([...index.entries()].map(({ path, stage }) => `${path}${stage}`)).toEqual(['a0', 'c1', 'c2', 'c3'])
    expect(index.find('c')).toBe(-1)
    expect(index.find('c', 2)).toBe(2)
    expect(index.isUnmerged()).toBe(true)
    const solved = updateIndex(index, [{ path: 'c', entries: [at('c', 0)] }])
    expect([...solved.entries()].map(({ path, stage }) => `${path}${stage}`)).toEqual(['a0', 'c0'])
    expect(solved.isUnmerged()).toBe(false)
  })

  test('every damage to its bytes is found', () => {
    const cid = cidOf(DAG_PB, Uint8Array.of(7))
    const entry = {
      stage: 0,
      kind: 'file',
      cid,
      contentCid: cid,
      size: 1,
      tsize: 1,
      mtimeNs: 1n,
      ctimeNs: 1n,
      inode: 1n,
      racy: false,
    } as const
    const index = updateIndex(emptyIndex(), [{ path: 'a/b', entries: [{ ...entry, path: 'a/b' }] }])
    const whole = Buffer.concat(encodeIndex(index, cid))
    const decode = (bytes: Uint8Array): StagingIndex => {
      const own = Buffer.allocUnsafeSlow(bytes.length)
      own.set(bytes)
      return decodeIndex(own)
    }
    expect(decode(whole).tree?.equals(cid)).toBe(true)
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole)
      flipped[at] = (flipped[at] as number) ^ 0x10
      expect(() => decode(flipped), `byte ${at}`).toThrow(expect.objectContaining({ code: 'index-corrupt' }))
      expect(() => decode(whole.subarray(0, at)), `cut at ${at}`).toThrow(
        expect.objectContaining({ code: 'index-corrupt' }),
      )
    }
    expect(() => decode(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow(
      expect.objectContaining({ code: 'index-corrupt' }),
    )
  })
})
