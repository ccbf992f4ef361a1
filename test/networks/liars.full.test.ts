import { randomBytes } from 'node:crypto'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { openRemote } from '../../src/http/open-remote.ts'
import { parseCidText } from '../../src/model/cid-text.ts'
import { openHome } from '../../src/node/home/home.ts'
import { openRepository, type Repository } from '../../src/repo/repository.ts'
import { flipped } from '../support/hostile-peer.ts'
import { createPerson } from '../support/hub.ts'
import { fetchFrom, refsOf } from '../support/remote-history.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../support/repository.ts'
import { type Lie, startTamperingProxies } from '../support/tampering-proxy.ts'
import { reachedBy } from '../support/transfer.ts'

const IDLE_MS = 700

/** What a liar does at a section, and how that is called. */
const LIES: [what: string, lie: (at: number) => Lie, codes: RegExp][] = [
  ['flips a bit of', (at) => (parts) => parts.with(at, flipped(parts[at]!, 1)), /^peer-sent-corrupt-block$/],
  [
    'flips a bit of the CID of',
    (at) => (parts) => parts.with(at, flipped(parts[at]!, parts[at]!.length - 20)),
    /^peer-sent-/,
  ],
  ['stops before', (at) => (parts) => parts.slice(0, at), /^peer-closed-early$/],
  ['stops inside of', (at) => (parts) => [...parts.slice(0, at), parts[at]!.slice(0, -1)], /^peer-closed-early$/],
  ['leaves out', (at) => (parts) => parts.toSpliced(at, 1), /^peer-(sent-unrequested|closed-early)$/],
  ['sends twice', (at) => (parts) => parts.toSpliced(at, 0, parts[at]!), /^peer-sent-unrequested$/],
  ['swaps with the next', (at) => swapped(at), /^peer-(sent-unrequested|closed-early)$/],
]

const swapped = (at: number) => (parts: Uint8Array[]) =>
  at + 1 < parts.length ? parts.with(at, parts[at + 1]!).with(at + 1, parts[at]!) : parts.slice(0, at)

/** An owner whose daemon has a new version, proxies before it, and a repository with the version before, to copy. */
async function begin() {
  const owner = await createPerson('owner')
  await owner.run(['init', '-q', 'data'])
  await owner.commit('a', 'one\n')
  await owner.run(['publish', '-q', '--all'])
  const daemon = owner.node.start(['daemon', '--http-port', '0'])
  const said = await daemon.until('Ready.')
  const libp2p = /listening on (\/ip4\S+)/.exec(said)![1]!
  const http = /listening on (http\S+)/.exec(said)![1]!
  const proxies = await startTamperingProxies({ libp2p, http })
  const first = await temporaryRepository()
  await fetchOnce(first, `${http}/data`)
  writeFileSync(join(owner.place, 'large'), randomBytes(2_500_000))
  writeFileSync(join(owner.place, 'b'), 'new\n')
  await owner.commit('a', 'two\n')
  await owner.run(['publish', '-q', '--all'])
  const head = parseCidText(await owner.head()) as CID
  const copy = async (): Promise<Repository> => {
    const path = join(temporaryFolder(), 'copy')
    cpSync(first.worktree!, path, { recursive: true })
    const repository = await openRepository(path)
    return repository
  }
  return { libp2p, proxies, head, copy }
}

/** Fetches as the command does; each time as somebody who saw nothing before. */
async function fetchOnce(local: Repository, url: string, addresses: string[] = []) {
  const remote = await openRemote(url, {
    home: openHome(join(temporaryFolder(), 'home')),
    directory: '/',
    local,
    addresses,
    profile: 'loopback',
    trustedName: undefined,
    branch: 'main',
    pusher: { person: ANN, command: 'jzfs fetch' },
    now: new Date(),
    idleTimeoutMs: IDLE_MS,
  })
  try {
    return await fetchFrom(local, remote, { idleTimeoutMs: IDLE_MS })
  } finally {
    await remote.close()
  }
}

async function refused(repository: Repository, url: string) {
  const before = await refsOf(repository)
  const error = await fetchOnce(repository, url).then(
    () => undefined,
    (each: unknown) => each as { code: string; hint: string; details: Record<string, unknown> },
  )
  expect(await refsOf(repository)).toEqual(before)
  return error
}

/** What tells a user of it. */
const said = (error: Awaited<ReturnType<typeof refused>>) => {
  return { code: error?.code, hint: error?.hint, peer: error?.details['peer'] }
}

test.for(['http', 'libp2p'] as const)(
  'a liar over %s at any block of a fetch is refused by name, and who is honest gives the rest',
  async (carrier) => {
    const { proxies, libp2p, head, copy } = await begin()
    const url = `${proxies[carrier]}/data`
    let [count, named] = [0, 0]
    proxies.lie = (parts) => {
      count = parts.length
      return parts
    }
    const whole = await copy()
    await fetchOnce(whole, url)
    const all = await reachedBy(whole.store, [head])
    expect(count).toBeGreaterThan(6)
    for (const [what, lie, codes] of LIES) {
      for (let at = 2; at < count; at++) {
        const where = `${what} block ${at}`
        const repository = await copy()
        proxies.lie = (parts) => (at < parts.length ? lie(at)(parts) : parts)
        const error = await refused(repository, url)
        expect({ where, ...said(error) }).toEqual({
          where,
          code: expect.stringMatching(codes),
          hint: expect.stringMatching(/./),
          peer: expect.any(String),
        })
        expect(url).toContain(error?.details['peer'])
        // The honest one beside it gives what is missing; the liar is named, where it was asked again.
        const { transferred } = await fetchOnce(repository, url, [libp2p])
        for (const { code } of transferred.failures)
          expect({ where, code }).toEqual({ where, code: expect.stringMatching(codes) })
        named += transferred.failures.length
        expect((await refsOf(repository))['refs/remotes/origin/main']).toBe(head.toString())
        expect(await reachedBy(repository.store, [head])).toEqual(all)
        await repository.close()
      }
    }
    expect(named).toBeGreaterThan(0)
  },
)

test.for(['http', 'libp2p'] as const)(
  'over %s what never ends, a bomb and a slow drip are given up',
  async (carrier) => {
    const { proxies, libp2p, head, copy } = await begin()
    const url = `${proxies[carrier]}/data`
    const forever: [string, Lie, RegExp][] = [
      [
        'silence',
        async function* (parts) {
          yield* parts.slice(0, 3)
          await sleep(600_000, undefined, { ref: false })
        },
        /^peer-too-slow$/,
      ],
      [
        'a section that is said to be huge',
        (parts) => [...parts.slice(0, 3), Buffer.from('ffffffff7f', 'hex'), Buffer.alloc(1 << 20)],
        /^peer-sent-/,
      ],
      [
        'the same blocks for ever',
        function* (parts) {
          for (;;) yield* parts.slice(0)
        },
        /^peer-sent-/,
      ],
      [
        'empty sections for ever',
        function* (parts) {
          yield* parts.slice(0, 2)
          for (;;) yield Buffer.alloc(1 << 16)
        },
        /^peer-sent-/,
      ],
      [
        'a byte now and then',
        async function* (parts) {
          for (const byte of Buffer.concat(parts)) {
            yield Buffer.of(byte)
            await sleep(IDLE_MS * 2, undefined, { ref: false })
          }
        },
        /^peer-too-slow$/,
      ],
      [
        'a header without end',
        function* () {
          for (;;) yield Buffer.alloc(1 << 16, 0xff)
        },
        /^peer-sent-/,
      ],
    ]
    for (const [what, lie, codes] of forever) {
      const repository = await copy()
      proxies.lie = lie
      const error = await refused(repository, url)
      expect({ what, ...said(error) }).toMatchObject({ what, code: expect.stringMatching(codes) })
      const { transferred } = await fetchOnce(repository, url, [libp2p])
      for (const { code } of transferred.failures)
        expect({ what, code }).toEqual({ what, code: expect.stringMatching(codes) })
      expect((await refsOf(repository))['refs/remotes/origin/main']).toBe(head.toString())
      await repository.close()
    }
  },
)
