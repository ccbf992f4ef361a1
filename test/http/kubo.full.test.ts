import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { openNetwork } from '../../src/http/open-network.ts'
import { runDaemon } from '../../src/http/run-daemon.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import type { Daemon } from '../../src/node/daemon.ts'
import { openHome } from '../../src/node/home/home.ts'
import { connectPeer } from '../../src/node/network/client-node.ts'
import { addPin, listPins } from '../../src/node/publish/home-pins.ts'
import { publishBranch, publishRefs } from '../../src/node/publish/publish.ts'
import { commitTo, temporaryDataset } from '../support/dataset.ts'
import { createKuboRepository, findKubo, type KuboDaemon, type KuboRepository } from '../support/kubo.ts'
import { ANN, temporaryFolder } from '../support/repository.ts'
import { runAside } from '../support/run-aside.ts'
import { seededBytes } from '../support/seeded.ts'

const binary = findKubo()
const command = 'jzfs test'

describe.skipIf(binary === undefined)('with a Kubo beside it', () => {
  let folder: string
  let kubo: KuboRepository
  let kuboDaemon: KuboDaemon
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jzfs-kubo-'))
    kubo = await createKuboRepository(binary ?? '', folder)
    kuboDaemon = await kubo.startDaemon()
  })
  afterAll(async () => {
    await kuboDaemon.stop()
    rmSync(folder, { recursive: true })
  })

  /** `ipfs ARGS`, without blocking this process: it has to answer meanwhile. */
  function ipfs(...args: string[]): Promise<string> {
    return runAside(binary ?? '', args, { IPFS_PATH: kubo.path })
  }

  async function startDaemon(): Promise<Daemon> {
    const home = openHome(join(temporaryFolder(), 'home'))
    const daemon = await runDaemon({ home, version: '0', command, now: () => new Date() })
    onTestFinished(() => daemon.stop())
    await ipfs('swarm', 'connect', daemon.state.addresses[0] ?? '')
    return daemon
  }

  it('pins a published commit, with its history, from our node', async () => {
    const daemon = await startDaemon()
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`d${i % 10}/f${i}`, seededBytes(`f${i}`, 20_000)]),
    )
    const repository = await temporaryDataset({
      ...files,
      'big.bin': seededBytes('big', 9_000_000),
      run: { executable: 'x' },
    })
    await commitTo(repository, { ...files, 'd0/new': 'new' })
    const { commit } = await publishBranch(daemon.home, {
      repository,
      ref: 'refs/heads/main',
      command,
      now: new Date(),
    })
    expect(await ipfs('pin', 'add', '--progress=false', commit.toString())).toContain(
      `pinned ${commit.toString()} recursively`,
    )
    expect(await ipfs('--offline', 'cat', `/ipfs/${commit.toString()}/tree/d0/new`)).toBe('new')
    expect(await ipfs('--offline', 'cat', `/ipfs/${commit.toString()}/parents/0/tree/run`)).toBe('x')
  })

  it('opens a branch by its IPNS name once it has our record', async () => {
    const daemon = await startDaemon()
    const repository = await temporaryDataset({ 'a.txt': 'by name', 'dir/b.txt': 'below' })
    const { name, record } = await publishBranch(daemon.home, {
      repository,
      ref: 'refs/heads/main',
      command,
      now: new Date(),
    })
    const file = join(temporaryFolder(), 'record')
    writeFileSync(file, record.bytes)
    await ipfs('routing', 'put', '--allow-offline', `/ipns/${name}`, file)
    expect(await ipfs('cat', `/ipns/${name}/tree/a.txt`)).toBe('by name')
    expect(await ipfs('ls', `/ipns/${name}/tree/dir`)).toContain('b.txt')
  })

  it('walks and pins a repository by its IPNS name, and follows what is published of it', async () => {
    const daemon = await startDaemon()
    const repository = await temporaryDataset({ 'a.txt': 'by name', 'dir/b.txt': 'below' })
    await commitTo(repository, { 'song.txt': 'la' }, 'refs/heads/songs')
    const publish = async (...branches: string[]) => {
      const refs = branches.map((branch) => `refs/heads/${branch}`)
      const published = await publishRefs(daemon.home, { repository, refs, command, now: new Date() })
      const file = join(temporaryFolder(), 'record')
      writeFileSync(file, published.record.bytes)
      await ipfs('routing', 'put', '--allow-offline', `/ipns/${published.name}`, file)
      return published
    }
    const { name, manifest } = await publish('main')
    expect(await ipfs('name', 'resolve', '--nocache', name)).toContain(manifest.toString())
    expect(await ipfs('cat', `/ipns/${name}/branches/0/head/tree/a.txt`)).toBe('by name')
    expect(await ipfs('ls', `/ipns/${name}/branches/0/head/tree/dir`)).toContain('b.txt')
    const shown = JSON.parse(await ipfs('dag', 'get', `/ipns/${name}`)) as { branches: { name: string }[] }
    expect(shown.branches.map((branch) => branch.name)).toEqual(['main'])

    const after = await publish('songs')
    expect(after.name).toBe(name)
    await ipfs('pin', 'add', '--progress=false', after.manifest.toString())
    const path = `/ipfs/${after.manifest.toString()}/branches/1/head/tree/song.txt`
    expect(await ipfs('--offline', 'cat', path)).toBe('la')
  })

  it('is refused what is not published, though it asks by CID', async () => {
    const daemon = await startDaemon()
    const repository = await temporaryDataset({ a: 'public' })
    await publishBranch(daemon.home, { repository, ref: 'refs/heads/main', command, now: new Date() })
    const secret = await commitTo(repository, { secret: 'a secret' }, 'refs/heads/secret')
    await expect(ipfs('--timeout=3s', 'block', 'get', secret.toString())).rejects.toThrow(/deadline|not found/)
    expect(
      await ipfs('--timeout=20s', 'cat', `/ipfs/${(await repository.refs.read('refs/heads/main'))?.toString()}/tree/a`),
    ).toBe('public')
  })

  it('gives us a commit that only it holds: a peer without daemon, and a pin of the home', async () => {
    const source = join(temporaryFolder(), 'data')
    mkdirSync(join(source, 'dir'), { recursive: true })
    writeFileSync(join(source, 'a.txt'), 'from Kubo')
    writeFileSync(join(source, 'empty'), '')
    writeFileSync(join(source, 'dir', 'big.bin'), seededBytes('kubo', 5_000_000))
    const tree = CID.parse((await ipfs('add', '-r', '-Q', '--hidden', source)).trim())
    const commit = encodeCommit({ tree, parents: [], author: ANN, committer: ANN, message: 'made elsewhere' })
    const file = join(temporaryFolder(), 'commit.json')
    writeFileSync(file, commit.bytes)
    const put = await ipfs('block', 'put', '--cid-codec=dag-json', '--mhtype=sha2-256', file)
    expect(put.trim()).toBe(commit.cid.toString())

    const peer = await connectPeer(kuboDaemon.address)
    expect(await peer.openSync?.()).toBeUndefined()
    expect(Buffer.from(await peer.fetchBlock(commit.cid))).toEqual(Buffer.from(commit.bytes))
    await peer.close()

    for (const daemon of [undefined, await startDaemon()]) {
      const home = daemon?.home ?? openHome(join(temporaryFolder(), 'home'))
      const network = await openNetwork(home, { addresses: [kuboDaemon.address] })
      const { fetched } = await addPin(home, {
        source: { cid: commit.cid },
        peers: network.peers,
        command,
        person: ANN,
        now: new Date(),
      })
      await network.close()
      expect(fetched.blocks).toBe(11)
      expect((await listPins(home, { command })).map(({ cid }) => cid.toString())).toEqual([commit.cid.toString()])
    }
  })
})
