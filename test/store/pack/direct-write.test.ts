import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'

import { openDirectly, pagesOfMemory, wholePages } from '../../../src/store/pack/direct-write.ts'
import { createGrowingFile } from '../../../src/store/pack/pack-file.ts'
import { seededBytes } from '../../support/seeded.ts'

const PAGE = 4096
/** On a disk: in memory, where the other tests have their files, there may be nothing to write past. */
const folders: string[] = []
const folderOnDisk = (): string => folders[folders.push(mkdtempSync(join('/tmp', 'jzfs-direct-'))) - 1]!
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('whole pages', () => {
  it('are those of the file that are in memory as they will be there, and no others', () => {
    const memory = pagesOfMemory(8 * PAGE)
    fc.assert(
      fc.property(fc.nat(3 * PAGE), fc.nat(4 * PAGE), fc.nat(1_000_000), (offset, length, position) => {
        const bytes = memory.subarray(offset, offset + length)
        const pages = wholePages(bytes, position)
        const first = Math.ceil(position / PAGE) * PAGE
        const last = Math.floor((position + length) / PAGE) * PAGE
        const isAsInFile = offset % PAGE === position % PAGE && first < last
        expect(pages).toEqual(isAsInFile ? { start: first - position, end: last - position } : undefined)
      }),
    )
    expect(wholePages(new Uint8Array(8 * PAGE), 0)).toBeUndefined()
  })
})

describe('a file whose pages are written past the cache', () => {
  it('is what it would be otherwise, wherever ranges begin and end', { timeout: 60_000 }, async () => {
    const source = seededBytes('direct', 64 * PAGE)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 * PAGE }), fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (ranges) => {
          const path = join(folderOnDisk(), 'file')
          const file = createGrowingFile(path)
          const writes = ranges.map(([length, isReadSoon]) => {
            const position = file.reserve(length)
            const memory = pagesOfMemory(8 * PAGE)
            const bytes = memory.subarray(position % PAGE, (position % PAGE) + length)
            bytes.set(source.subarray(position, position + length))
            return file.write(bytes, position, { isReadSoon })
          })
          await Promise.all(writes)
          const sizeBytes = file.size
          expect(Buffer.compare(file.read(0, sizeBytes), source.subarray(0, sizeBytes))).toBe(0)
          await file.finish()
          expect(readFileSync(path).equals(source.subarray(0, sizeBytes))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('are written so, where the file system can: memory is in pages', ({ skip }) => {
    const path = join(folderOnDisk(), 'file')
    writeFileSync(path, '')
    const direct = openDirectly(path)
    if (direct === undefined) throw skip('nothing can be written past the cache of this file system')
    const memory = pagesOfMemory(3 * PAGE)
    expect(writeSync(direct, memory, PAGE, 2 * PAGE, PAGE)).toBe(2 * PAGE)
    expect(() => writeSync(direct, memory, 1, PAGE, 0)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
    closeSync(direct)
  })

  it('is closed once, and after the last flush, however much was written meanwhile', async () => {
    const folder = folderOnDisk()
    const bytes = seededBytes('flushed', 36 << 20)
    for (let round = 0; round < 6; round++) {
      const file = createGrowingFile(join(folder, `file ${round}`))
      await file.write(bytes, file.reserve(bytes.length))
      file.writeSync(bytes, file.reserve(bytes.length))
      await file.finish()
      const others = Array.from({ length: 4 }, (_, at) => openSync(join(folder, `other ${at}`), 'w'))
      await sleep(20)
      for (const other of others) {
        expect(writeSync(other, 'sound')).toBe(5)
        closeSync(other)
      }
    }
  })

  it('is the same in a file system in memory, which may know no such thing', async () => {
    const path = join(tmpdir(), `jzfs-direct-${process.pid}`)
    const file = createGrowingFile(path)
    const memory = pagesOfMemory(4 * PAGE)
    memory.set(seededBytes('memory', memory.length))
    await file.write(memory, file.reserve(memory.length), { isReadSoon: false })
    await file.finish()
    expect(readFileSync(path).equals(memory)).toBe(true)
    rmSync(path)
  })

  it('does not exist where there is no file', () => {
    expect(openDirectly(join(folderOnDisk(), 'nothing'))).toBeUndefined()
  })
})
