import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { openLogFile } from '../../../src/node/log/log-file.ts'
import { followLog, readLogTail } from '../../../src/node/log/read-log.ts'
import { temporaryFolder } from '../../support/repository.ts'

const temporaryLog = (): string => join(temporaryFolder(), 'daemon.log')

describe('a log file', () => {
  it('is its user’s alone, and goes on where it ended', () => {
    const path = temporaryLog()
    const first = openLogFile(path)
    first.write('one\n')
    first.close()
    const second = openLogFile(path)
    second.write('two\n')
    second.close()
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('never takes more than its share, and keeps the newest lines whole and in order', () => {
    const lines = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 })
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 4 }), (lengths, maxFiles) => {
        const path = temporaryLog()
        const file = openLogFile(path, { maxBytes: 100, maxFiles })
        const written = lengths.map((length, at) => `${at}:${'x'.repeat(length)}`)
        for (const line of written) file.write(`${line}\n`)
        file.close()
        const kept = readdirSync(join(path, '..'))
        expect(kept.length).toBeLessThanOrEqual(maxFiles)
        for (const name of kept) expect(statSync(join(path, '..', name)).size).toBeLessThanOrEqual(100)
        const { lines: found } = readLogTail(path, 1000)
        expect(found).toEqual(written.slice(written.length - found.length))
        expect(found.length).toBeGreaterThanOrEqual(Math.min(written.length, maxFiles))
      }),
      { numRuns: 40 },
    )
  })

  it('stays the same file when it is put aside, for others that append to it', () => {
    const path = temporaryLog()
    const file = openLogFile(path, { maxBytes: 10 })
    file.write('12345678\n')
    const before = statSync(path).ino
    file.write('next\n')
    appendFileSync(path, 'from another\n')
    expect(statSync(path).ino).toBe(before)
    expect(readFileSync(path, 'utf8')).toBe('next\nfrom another\n')
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('12345678\n')
    file.close()
  })

  it('loses lines, and nothing else, where it cannot put a full file aside', () => {
    const path = temporaryLog()
    const file = openLogFile(path, { maxBytes: 10, maxFiles: 2 })
    file.write('12345678\n')
    writeFileSync(`${path}.1`, 'older')
    file.write('2\n')
    file.close()
    expect(readLogTail(path, 9).lines).toEqual(['12345678', '2'])
  })

  it('says why it cannot be opened', () => {
    expect(() => openLogFile(join(temporaryFolder(), 'none', 'x.log'))).toThrow(
      expect.objectContaining({ code: 'path-missing' }),
    )
  })
})

describe('the end of a log', () => {
  it('is as many lines as are asked for, and none where there is no log', () => {
    const path = temporaryLog()
    expect(readLogTail(path, 5)).toEqual({ lines: [], position: 0 })
    writeFileSync(path, 'a\nb\nc\n')
    expect(readLogTail(path, 2)).toEqual({ lines: ['b', 'c'], position: 6 })
    expect(readLogTail(path, 0)).toEqual({ lines: [], position: 6 })
    expect(existsSync(`${path}.1`)).toBe(false)
  })

  it('is followed over a file that is put aside', async () => {
    const path = temporaryLog()
    const file = openLogFile(path, { maxBytes: 20 })
    file.write('before\n')
    const stop = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const line of followLog(path, readLogTail(path, 0).position, stop)) {
        seen.push(line)
        if (line === 'a new file') stop.abort()
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 30))
    file.write('still there\n')
    file.write('a new file\n')
    await following
    file.close()
    expect(seen).toEqual(['still there', 'a new file'])
  })
})
