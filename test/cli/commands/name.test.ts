import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { openHome } from '../../../src/node/home/home.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'
import { runHere, type RanHere } from '../../support/run-here.ts'

const [one, two] = [someCommit(1), someCommit(2)]

/** When commands run here. */
const NOW = new Date(1_767_225_600_000)

interface Place {
  folder: string
  home: string
  jzfs(...args: string[]): Promise<RanHere>
  /** The name of a new key. */
  key(key: string): Promise<string>
  /** A file with a record of that key. */
  file(key: string, record: { cid?: typeof one; sequence?: bigint; now?: Date }): Promise<string>
}

function somewhere(): Place {
  const folder = temporaryFolder()
  const home = join(folder, 'home')
  const jzfs = (...args: string[]): Promise<RanHere> => runHere(folder, args, { JZFS_HOME: home })
  let files = 0
  return {
    folder,
    home,
    jzfs,
    key: async (key) => (await jzfs('key', 'gen', key)).stdout.trim(),
    async file(key, { cid = one, sequence = 0n, now = NOW }) {
      const privateKey = openHome(home).keys.read(key)!.protobuf
      const path = join(folder, `record-${files++}`)
      writeFileSync(path, (await createRecord({ privateKey, cid, sequence, now })).bytes)
      return path
    },
  }
}

describe('jzfs name publish', () => {
  it('signs what the name of a key means, and raises the sequence with the value', async () => {
    const { jzfs, key } = somewhere()
    const name = await key('weather')
    const first = await jzfs('name', 'publish', '-k', 'weather', `ipfs://${one.toString()}`)
    expect(first.stdout).toBe(
      `published ipns://${name}\n  /ipfs/${one.toString()}, sequence 0, valid until 2026-01-08T00:00:00.000Z, TTL 1m\n`,
    )
    expect(first.stderr).toContain('only the name is published')
    const next = ['name', 'publish', '-k', 'weather', two.toString(), '--json']
    const second = JSON.parse((await jzfs(...next, '--lifetime', '1d', '--ttl', '5m')).stdout) as object
    expect(second).toEqual({
      name,
      value: `/ipfs/${two.toString()}`,
      cid: two.toString(),
      sequence: '1',
      validity: '2026-01-02T00:00:00.000000000Z',
      ttlNs: '300000000000',
    })
    // Lifetime and TTL stay as they were.
    expect(JSON.parse((await jzfs(...next)).stdout)).toEqual(second)
    expect((await jzfs('resolve', name)).stdout).toBe(`/ipfs/${two.toString()}\n`)
    expect((await jzfs('name', 'resolve', name)).stdout).toBe(
      `/ipfs/${two.toString()}\n  sequence 1, valid until 2026-01-02T00:00:00.000Z, TTL 5m\n  from this node\n`,
    )
    expect((await jzfs('key', 'rm', 'weather')).stderr).toContain(`signs for a name of its own, ipns://${name}`)
    expect((await jzfs('name', 'unpublish', name)).status).toBe(0)
    expect((await jzfs('resolve', name)).stderr).toContain('nobody here knows')
  })

  it('takes a sequence of one’s own only upwards', async () => {
    const { jzfs } = somewhere()
    const publish = (cid: string, sequence: string): Promise<RanHere> =>
      jzfs('name', 'publish', cid, '--sequence', sequence)
    expect((await publish(one.toString(), '7')).stdout).toContain('sequence 7')
    expect(await publish(two.toString(), '7')).toMatchObject({ status: 128, stdout: '' })
    expect((await publish(two.toString(), '3')).stderr).toContain('was seen at sequence 7: 3 is not higher')
    expect((await publish(one.toString(), '7')).stdout).toContain('sequence 7')
    expect((await publish(two.toString(), '8')).stdout).toContain('sequence 8')
  })

  it.each([
    [['ipns://k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r'], 'cannot mean another name', 128],
    [[one.toString(), '-k', 'nobody'], 'there is no key "nobody"', 128],
    [[one.toString(), '--lifetime', 'soon'], 'this is no time: soon', 129],
    [[one.toString(), '--sequence', '-1'], 'this is no sequence', 129],
    [['HEAD'], 'is a repository:', 128],
  ] as const)('refuses %j', async (args, message, status) => {
    expect(await somewhere().jzfs('name', 'publish', ...args)).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })

  it('leaves the keys of branches to `publish`', async () => {
    const { jzfs, folder } = somewhere()
    await jzfs('init', '-q')
    writeFileSync(join(folder, 'a'), 'a')
    await jzfs('add', 'a')
    await jzfs('commit', '-q', '-m', 'one')
    await jzfs('publish')
    const keys = JSON.parse((await jzfs('key', 'ls', '--json')).stdout) as { key: string; uses: string[] }[]
    const branch = keys.find(({ uses }) => uses.some((use) => use.includes('refs/heads/main')))!
    expect((await jzfs('name', 'publish', 'HEAD', '-k', branch.key)).stderr).toContain('signs for refs/heads/main of ')
    await jzfs('key', 'gen', 'stable')
    expect((await jzfs('name', 'publish', 'HEAD', '-k', 'stable')).stderr).toBe('')
  })
})

describe('records in files', () => {
  it('carry a name from one home to another', async () => {
    const [there, here] = [somewhere(), somewhere()]
    const name = await there.key('w')
    await there.jzfs('name', 'publish', '-k', 'w', one.toString())
    expect((await there.jzfs('name', 'export', name)).stderr).toContain(`wrote the record of ipns://${name}`)
    const file = join(there.folder, `${name}.ipns-record`)
    expect((await here.jzfs('name', 'verify', name, file)).stdout).toContain(`good: ipns://${name}`)
    expect((await here.jzfs('name', 'forks', name)).stdout).toBe('')
    expect((await here.jzfs('name', 'import', name, file)).stdout).toContain(`took ipns://${name}`)
    expect((await here.jzfs('name', 'import', name, file)).stdout).toContain('known already:')
    const inspected = await here.jzfs('name', 'inspect', name)
    expect(inspected.stdout).toContain(`value:        /ipfs/${one.toString()}\n`)
    expect(inspected.stdout).toContain(`signed by:    ipns://${name}\n`)
    expect(inspected.stdout).toContain(`from:         the file `)
    // What is known is given out again as it came.
    await here.jzfs('name', 'export', name, '-o', 'copy')
    expect(readFileSync(join(here.folder, 'copy'))).toEqual(readFileSync(file))
  })

  it('are refused where they are older, expired, of another name, or none', async () => {
    const { jzfs, key, file } = somewhere()
    const name = await key('w')
    const other = await key('v')
    await jzfs('name', 'import', name, await file('w', { sequence: 5n }))
    const older = await file('w', { sequence: 4n })
    for (const command of ['import', 'verify']) {
      expect(await jzfs('name', command, name, older)).toMatchObject({ status: 4, stdout: '' })
      expect(await jzfs('name', command, other, older)).toMatchObject({ status: 3, stdout: '' })
      const expired = await file('w', { sequence: 6n, now: new Date(0) })
      expect(await jzfs('name', command, name, expired)).toMatchObject({ status: 3, stdout: '' })
      expect(await jzfs('name', command, name, expired, '--allow-expired')).toMatchObject({ status: 0 })
    }
    expect(await jzfs('name', 'inspect', older, '--verify', other)).toMatchObject({
      status: 3,
      stdout: expect.stringContaining(`signed by:    NOT ipns://${other}`),
    })
    writeFileSync(older, 'nothing')
    expect(await jzfs('name', 'inspect', older)).toMatchObject({ status: 3, stdout: '' })
    expect(await jzfs('name', 'export', other)).toMatchObject({ status: 128, stdout: '' })
  })
})

describe('a fork', () => {
  it('is shown with both records, and the user takes one', async () => {
    const { jzfs, key, file } = somewhere()
    const name = await key('w')
    const [mine, theirs] = [await file('w', { cid: one, sequence: 3n }), await file('w', { cid: two, sequence: 3n })]
    await jzfs('name', 'import', name, mine)
    const refused = await jzfs('name', 'import', name, theirs)
    expect(refused).toMatchObject({ status: 4, stdout: '' })
    expect(refused.stderr).toContain(`\`jzfs name accept ${name} CID\``)
    const [a, b] = [`  /ipfs/${one.toString()} at sequence 3, from`, `  /ipfs/${two.toString()} at sequence 3, from`]
    expect((await jzfs('name', 'forks')).stdout).toBe(
      `ipns://${name}\n${a} the file ${mine}, had first\n${b} the file ${theirs}\n`,
    )
    const accepted = await jzfs('name', 'accept', name, two.toString())
    expect(accepted.stdout).toBe(`from now on ipns://${name} means /ipfs/${two.toString()} at sequence 3\n`)
    expect((await jzfs('name', 'forks', name)).stdout).toContain(`${a} the file ${mine}, set aside\n`)
    expect((await jzfs('name', 'import', name, mine)).stderr).toContain(`you took /ipfs/${two.toString()}`)
    expect((await jzfs('name', 'import', name, theirs)).stdout).toContain('known already')
    await jzfs('name', 'import', name, await file('w', { cid: one, sequence: 4n }))
    expect((await jzfs('name', 'forks', name, '--json')).stdout).toContain('"settled":true')
    expect((await jzfs('name', 'accept', name, two.toString())).stderr).toContain('was not seen to mean')
  })

  it('of a name of one’s own is settled by signing on', async () => {
    const { jzfs, key, file } = somewhere()
    const name = await key('w')
    await jzfs('name', 'publish', '-k', 'w', one.toString())
    await jzfs('name', 'import', name, await file('w', { cid: two, sequence: 9n }))
    const refused = await jzfs('name', 'publish', '-k', 'w', one.toString())
    expect(refused).toMatchObject({ status: 4, stdout: '' })
    expect(refused.stderr).toContain(`went on elsewhere: to /ipfs/${two.toString()} at sequence 9`)
    const remedy = /`jzfs (name accept \S+ \S+)`/.exec(refused.stderr)?.[1]?.split(' ') ?? []
    expect((await jzfs(...remedy)).status).toBe(0)
    expect((await jzfs('name', 'publish', '-k', 'w', one.toString())).stdout).toContain('sequence 10')
  })

  it('does not stop a home that has forgotten all', async () => {
    const { jzfs, key, file, home } = somewhere()
    const name = await key('w')
    await jzfs('name', 'publish', '-k', 'w', one.toString(), '--sequence', '4')
    rmSync(join(home, 'names'), { recursive: true })
    await jzfs('name', 'import', name, await file('w', { cid: one, sequence: 4n }))
    expect((await jzfs('name', 'publish', '-k', 'w', two.toString())).stdout).toContain('sequence 5')
  })
})

describe('a configured router', () => {
  it('is given what is published, and asked for names; one that fails is named', async () => {
    const [there, here] = [somewhere(), somewhere()]
    const given = new Map<string, Buffer>()
    const server = createServer((request, response) => {
      const name = request.url?.split('/').at(-1) ?? ''
      void Array.fromAsync(request as AsyncIterable<Buffer>).then((pieces) => {
        if (request.method === 'PUT') given.set(name, Buffer.concat(pieces))
        const record = given.get(name)
        const type = { 'content-type': 'application/vnd.ipfs.ipns-record' }
        return response.writeHead(record === undefined ? 404 : 200, type).end(record)
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => server.closeAllConnections() ?? void server.close())
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const { jzfs } of [there, here]) await jzfs('config', '--user', '--add', 'routing.urls', url)
    const name = await there.key('w')
    const published = await there.jzfs('name', 'publish', '-k', 'w', one.toString(), '--json')
    expect([...given.keys()]).toEqual([name])
    expect(JSON.parse((await here.jzfs('resolve', name, '--json')).stdout)).toEqual({
      ...(JSON.parse(published.stdout) as object),
      peer: url,
      forks: [],
      failures: [],
    })
    // A home that forgot what it signed goes on from what the router has.
    rmSync(join(there.home, 'names'), { recursive: true })
    expect((await there.jzfs('name', 'publish', '-k', 'w', two.toString())).stdout).toContain('sequence 1')
    server.closeAllConnections()
    server.close()
    const alone = await there.jzfs('name', 'publish', '-k', 'w', one.toString())
    expect(alone).toMatchObject({ status: 0, stderr: `warning: the router does not answer: ${url}\n` })
    expect((await there.jzfs('config', '--user', 'routing.urls', 'ftp://x')).stderr).toContain('write https://HOST')
  })
})
