import { renameSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { type IndexEntry, NO_STAMP } from '../../../src/worktree/index/index-entry.ts'
import {
  type IndexPatch,
  readIndexFile,
  readIndexOrPatch,
  writeIndexFile,
  writeIndexPatch,
} from '../../../src/worktree/index/index-file.ts'
import { applyPatch, patchOf } from '../../../src/worktree/index/index-patch.ts'
import { emptyIndex, updateIndex } from '../../../src/worktree/index/index-update.ts'
import type { StagingIndex } from '../../../src/worktree/index/staging-index.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { entryArbitrary } from '../support/index-arbitraries.ts'

/** Entries that stay, so that a patch is worth it. */
const STAYING = Array.from({ length: 60 }, (_, number) => entryOf(`staying/${number}`))

function entryOf(path: string): IndexEntry {
  const cid = cidOf(RAW, Buffer.from(path))
  return { ...NO_STAMP, path, stage: 0, kind: 'file', cid, contentCid: cid, size: 1, tsize: 1, racy: false }
}

const changesOf = (entries: readonly IndexEntry[]) => entries.map((entry) => ({ path: entry.path, entries: [entry] }))
/** What the entries say, without stat data. Of equal CIDs the rest is equal, too. */
const contentOf = (index: StagingIndex): string[] =>
  Array.from(index.entries(), ({ path, stage, kind, cid }) => `${stage} ${kind} ${cid.toString()} ${path}`)

test('a patch makes the one index of the other, and is read as it was written', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'index')
  const entries = fc.uniqueArray(entryArbitrary, { maxLength: 6, selector: ({ path: name }) => name })
  fc.assert(
    fc.property(entries, entries, (one, other) => {
      const base = updateIndex(emptyIndex(), changesOf([...STAYING, ...one]))
      renameSync(join(folder, writeIndexFile(folder, base)), path)
      const before = readIndexFile(path)
      const after = updateIndex(updateIndex(emptyIndex(), changesOf(STAYING)), changesOf(other))
      const patch = patchOf(path, before, after)
      const read = readIndexOrPatch(join(folder, writeIndexPatch(folder, patch as IndexPatch))) as IndexPatch
      expect({ of: read.of, removed: read.removed }).toEqual({ of: patch?.of, removed: patch?.removed })
      expect(contentOf(applyPatch(before, read))).toEqual(contentOf(after))
    }),
    { numRuns: 100 },
  )
})

test('there is none where most changes, where there are conflicts, and of another file than was read', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'index')
  const write = (entries: readonly IndexEntry[]): StagingIndex => {
    renameSync(join(folder, writeIndexFile(folder, updateIndex(emptyIndex(), changesOf(entries)))), path)
    return readIndexFile(path)
  }
  const before = write(STAYING)
  const one = updateIndex(before, changesOf([entryOf('new')]))
  expect(patchOf(path, before, one)?.entries.count).toBe(1)
  expect(patchOf(path, before, updateIndex(emptyIndex(), changesOf([entryOf('new')])))).toBeUndefined()
  const conflict = { path: 'new', entries: [{ ...entryOf('new'), stage: 2 as const }] }
  expect(patchOf(path, before, updateIndex(before, [conflict]))).toBeUndefined()
  expect(patchOf(path, updateIndex(before, []), one)).toBeUndefined()
  write(STAYING.slice(1))
  expect(patchOf(path, before, one)).toBeUndefined()
})
