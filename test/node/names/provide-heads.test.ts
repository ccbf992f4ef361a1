import { join } from 'node:path'

import { expect, it } from 'vitest'

import { UnavailableError } from '../../../src/model/errors.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { createHeadTeller } from '../../../src/node/names/provide-heads.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { temporaryDataset } from '../../support/dataset.ts'
import { temporaryFolder } from '../../support/repository.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const command = 'jzfs test'
const refs = ['refs/heads/main']

it('heads that everybody may have are told, and others are not', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const [open, closed] = [await temporaryDataset({ a: 'a' }), await temporaryDataset({ b: 'b' })]
  await publishRefs(home, { repository: open, refs, command, now: NOW })
  await publishRefs(home, { repository: closed, refs, audience: { peers: ['12D3KooWx'] }, command, now: NOW })
  let [isGone, now] = [true, NOW]
  const [told, problems]: [string[], string[]] = [[], []]
  const tell = createHeadTeller({
    home,
    now: () => now,
    provider: {
      async provide(cid) {
        if (isGone) throw new UnavailableError('dht-unreachable', 'gone')
        told.push(cid.toString())
      },
    },
    onProblem: ({ code }) => problems.push(code),
  })
  const { signal } = new AbortController()
  await tell(signal)
  await tell(signal)
  expect([told, problems]).toEqual([[], ['dht-unreachable']])
  isGone = false
  await tell(signal)
  await tell(signal)
  expect(told).toHaveLength(2)
  expect(told).toContain((await open.refs.read('refs/heads/main'))?.toString())
  expect(told).not.toContain((await closed.refs.read('refs/heads/main'))?.toString())
  now = new Date(NOW.getTime() + 13 * 3_600_000)
  await tell(signal)
  expect(told).toHaveLength(4)
})
