import { beforeEach, describe, expect, test } from 'vitest'

import { readApproximateDate } from '../../../src/model/commit/approximate-date.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { splitRange } from '../../../src/repo/revision-range.ts'
import { resolveRevision } from '../../../src/repo/revision.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { ANN, someCommit, temporaryRepository } from '../../support/repository.ts'

const MAIN = 'refs/heads/main'
const DATES = ['2026-01-02T10:00:00+01:00', '2026-01-04T10:00:00+01:00', '2026-01-06T10:00:00+01:00']
const NOW = new Date('2026-01-07T10:00:00Z')

let repository: Repository
let commits: string[]

beforeEach(async () => {
  repository = await temporaryRepository({ bare: true })
  commits = []
  for (const date of DATES) {
    const person = { ...ANN, date }
    const message = `at ${date}\n`
    const block = encodeCommit({ tree: EMPTY_DIRECTORY.cid, parents: [], author: person, committer: person, message })
    const pack = await repository.store.createPack()
    pack.add(EMPTY_DIRECTORY)
    pack.add(block)
    await pack.finish()
    await updateRef(repository, { name: MAIN, after: block.cid, message: `to ${date}` }, { command: 'test', person })
    commits.push(block.cid.toString())
  }
})

const told: string[] = []
const options = {
  readTime: (text: string) => readApproximateDate(text, NOW, () => 0),
  onShortLog: (ref: string, date: string) => void told.push(`${ref} ${date}`),
}
const find = async (text: string) => commits.indexOf((await resolveRevision(repository, text, options)).cid.toString())

describe('what a ref was at a time', () => {
  test('the newest entry that is not younger says it', async () => {
    const expected: [string, number][] = [
      ['main@{now}', 2],
      ['main@{yesterday}', 2],
      ['main@{2 days ago}', 1],
      ['main@{2.days.ago}', 1],
      ['main@{2026-01-04T09:00:00Z}', 1],
      ['main@{2026-01-04T08:59:59Z}', 0],
      ['@{2026-01-03T00:00:00Z}', 0],
      ['HEAD@{2026-01-05T00:00:00Z}', 1],
      ['refs/heads/main@{4 days ago}^{commit}', 0],
    ]
    told.length = 0
    for (const [text, at] of expected) expect([text, await find(text)]).toEqual([text, at])
    expect(told).toEqual([])
  })

  test('before the log begins, it is the first value, and that is said', async () => {
    told.length = 0
    expect(await find('main@{2020-01-01T00:00:00Z}')).toBe(0)
    expect(told).toEqual([`${MAIN} ${DATES[0]}`])
  })

  test('what is no date, or has no log, is refused', async () => {
    await expect(find('main@{soon}')).rejects.toMatchObject({
      code: 'revision-invalid',
      message: expect.stringMatching(/neither a number nor/) as string,
    })
    await expect(find('main@{upstream}')).rejects.toMatchObject({ code: 'upstream-missing' })
    await expect(find('other@{yesterday}')).rejects.toMatchObject({ code: 'revision-not-found' })
    await expect(find('main@{3}')).rejects.toMatchObject({
      message: expect.stringMatching(/has only 3 entries/) as string,
    })
  })

  test('a range has dates on both sides', () => {
    expect(splitRange('main@{10:30 yesterday}..main@{1..2}')).toEqual({
      left: 'main@{10:30 yesterday}',
      right: 'main@{1..2}',
      isSymmetric: false,
    })
  })
})

test('a log that names what is not here any more: the line is named', async () => {
  const { refs } = repository
  const gone = someCommit('gone')
  const log = async function* () {
    yield { before: undefined, after: gone, person: ANN, message: 'commit: lost', operation: 7 }
  }
  const damaged = { store: repository.store, refs: { ...refs, read: refs.read, log } }
  await expect(resolveRevision(damaged, 'main@{yesterday}', options)).rejects.toMatchObject({
    code: 'reflog-value-gone',
    message: expect.stringContaining(
      `the log of ${MAIN} says at "commit: lost" of 2026-01-02 03:04:05 +0100`,
    ) as string,
    details: { ref: MAIN, operation: 7, cid: gone.toString() },
  })
})
