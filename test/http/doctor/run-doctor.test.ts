import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { type DoctorOptions, runDoctor } from '../../../src/http/doctor/run-doctor.ts'
import { checkMachine, openFilesLimit } from '../../../src/node/doctor/check-machine.ts'
import type { DoctorFinding } from '../../../src/node/doctor/finding.ts'
import { writeDaemonState } from '../../../src/node/home/daemon-state.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { SELF_KEY } from '../../../src/node/home/key-store.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

const DAY_MS = 86_400_000

const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))

async function examine({ layout }: Home, changed: Partial<DoctorOptions> = {}): Promise<DoctorFinding[]> {
  return Array.fromAsync(
    runDoctor({
      directory: layout.directory,
      userConfig: join(layout.directory, 'config.json'),
      nodeVersion: process.versions.node,
      openFilesLimit: 4096,
      now: new Date(),
      version: '0.1.0',
      ...changed,
    }),
  )
}

/** What is not as it should be: the codes, each with its severity. Every one has a remedy. */
async function wrong(home: Home, changed: Partial<DoctorOptions> = {}): Promise<string[]> {
  const found = (await examine(home, changed)).filter(({ severity }) => severity !== 'ok')
  for (const { remedy } of found) expect(remedy).toMatch(/\w/)
  return found.map(({ code, severity }) => `${severity} ${code}`)
}

describe('the doctor', () => {
  it('finds a sound home sound, says each check, and leaves nothing behind', async () => {
    const home = temporaryHome()
    await home.keys.readOrCreate(SELF_KEY)
    const before = readdirSync(home.layout.directory)
    const findings = await examine(home)
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
      [
        'config',
        'node',
        'open-files',
        'disk',
        'clock',
        'home',
        'keys',
        'lock',
        'daemon',
        'datastore',
        'published',
        'records',
        'names',
      ].map((code) => `ok ${code}`),
    )
    expect(readdirSync(home.layout.directory)).toEqual(before)
  })

  it('makes no home where there is none', async () => {
    const directory = join(temporaryFolder(), 'none')
    const home = { layout: { directory } } as Home
    expect(await wrong(home)).toEqual([])
    expect(existsSync(directory)).toBe(false)
  })

  it('sees a Node and a limit of open files that are too low, and a clock that is off', async () => {
    const home = temporaryHome()
    expect(await wrong(home, { nodeVersion: '22.1.0' })).toEqual(['error node-too-old'])
    expect(await wrong(home, { openFilesLimit: 512 })).toEqual(['warning open-files-few'])
    expect(await wrong(home, { openFilesLimit: 64 })).toEqual(['error open-files-too-few'])
    const facts = { nodeVersion: '24.0.0', openFilesLimit: undefined, now: new Date(Date.now() + 3_600_000) }
    const found = await checkMachine(home.layout.directory, facts)
    expect(found.find(({ severity }) => severity !== 'ok')).toMatchObject({
      code: 'clock-differs',
      message: expect.stringMatching(/ (?:3599|3600|3601) s apart$/),
    })
    if (process.platform === 'linux') expect(openFilesLimit()).toBeGreaterThan(64)
  })

  it('sees who may read the home and its keys, and a key that is none', async () => {
    const home = temporaryHome()
    await home.keys.readOrCreate(SELF_KEY)
    chmodSync(home.layout.directory, 0o755)
    expect(await wrong(home)).toEqual(['warning home-readable-by-others'])
    chmodSync(home.layout.directory, 0o700)
    chmodSync(join(home.layout.keys, SELF_KEY), 0o644)
    expect(await wrong(home)).toEqual(['error key-readable-by-others'])
    writeFileSync(join(home.layout.keys, 'broken'), 'nonsense', { mode: 0o600 })
    expect(await wrong(home)).toEqual(['error key-readable-by-others', 'error key-corrupt'])
  })

  it.skipIf(process.getuid?.() !== 0)('sees a home of another user', async () => {
    const home = temporaryHome()
    chownSync(home.layout.directory, 12_345, 12_345)
    expect(await wrong(home)).toEqual(['warning home-of-another'])
  })

  it('sees a home that cannot be used, and files that cannot be read', async () => {
    const home = temporaryHome()
    writeFileSync(home.layout.repositories, 'nonsense')
    expect(await wrong(home)).toEqual(['error repositories-corrupt'])
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(await wrong({ layout: { directory: file } } as Home)).toContain('error not-a-directory')
  })

  it('sees a configuration that is wrong', async () => {
    const home = temporaryHome()
    writeFileSync(join(home.layout.directory, 'config.json'), '{"log.level":"loud","nonsense":1}')
    expect(await wrong(home)).toEqual(['error config-value-invalid', 'error config-key-unknown'])
  })

  it('sees a datastore that does not open', async () => {
    const home = temporaryHome()
    mkdirSync(home.layout.datastore)
    writeFileSync(join(home.layout.datastore, 'CURRENT'), 'nonsense')
    expect(await wrong(home)).toEqual(['warning datastore-damaged'])
  })

  it('sees a port that another program has, and one of Kubo’s', async () => {
    const home = temporaryHome()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const at = (key: 'network.port' | 'http.port', configured: number) => ({ ports: [{ key, port: configured }] })
    expect(await wrong(home, at('network.port', port))).toEqual(['error port-taken'])
    expect(await wrong(home, at('http.port', port))).toEqual(['error port-taken'])
    expect(await wrong(home, at('http.port', 8080))).toEqual([expect.stringMatching(/port-of-kubo|port-taken/)])
    expect(await wrong(home, at('network.port', 0))).toEqual([])
    const state = {
      pid: 1,
      version: '',
      startedAt: '',
      peerId: '',
      profile: '',
      socket: join(home.layout.directory, 'x'),
    }
    await writeDaemonState(home, { ...state, addresses: [`/ip4/127.0.0.1/tcp/${port}/p2p/x`] })
    expect(await wrong(home)).toEqual(['warning last-port-taken'])
  })

  it('sees repositories that moved, records that end, and forks', async () => {
    const home = temporaryHome()
    const repository = await temporaryDataset({ a: 'a' })
    const request = { repository, refs: ['refs/heads/main'], command: 'jzfs publish', now: new Date() }
    await publishRefs(home, request)
    expect(await wrong(home)).toEqual([])
    const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS)
    const atOf = async (days: number): Promise<string[]> =>
      (await wrong(home, { now: inDays(days) })).filter((code) => !code.includes('clock-differs'))
    expect(new Set(await atOf(6.5))).toEqual(new Set(['warning record-expires-soon']))
    expect(new Set(await atOf(8))).toEqual(new Set(['error record-expired']))

    const other = generateEd25519Key()
    const names = openKnownNames(home.layout.names)
    const cids = [await commitTo(repository, { b: 'b' }), await commitTo(repository, { c: 'c' })]
    for (const cid of cids) {
      const { bytes } = await createRecord({ privateKey: other.protobuf, cid, sequence: 1n, now: new Date() })
      await names.accept(other.name, bytes, { now: new Date() }).catch(() => undefined)
    }
    expect(await wrong(home)).toEqual(['error record-fork'])
    await names.choose(other.name, cids[1]!)
    expect(await wrong(home)).toEqual([])

    renameSync(repository.path, `${repository.path}-moved`)
    expect(new Set(await wrong(home))).toEqual(new Set(['error repository-moved']))
    renameSync(`${repository.path}-moved`, repository.path)
  })

  it('is a command that exits with 1 where something does not work', async () => {
    const home = temporaryHome()
    const env = { JZFS_HOME: home.layout.directory, XDG_RUNTIME_DIR: temporaryFolder() }
    await home.keys.readOrCreate(SELF_KEY)
    const sound = await runHere(home.layout.directory, ['doctor', '--json'], env)
    expect(sound.status).toBe(0)
    expect(JSON.parse(sound.stdout)).toMatchObject({ ok: true })
    chmodSync(join(home.layout.keys, SELF_KEY), 0o644)
    const bad = await runHere(home.layout.directory, ['doctor', '-q'], env)
    expect(bad.status).toBe(1)
    expect(bad.stdout).toMatch(/^error {4}key-readable-by-others: .*\n {9}chmod 600 /m)
    expect(bad.stdout).not.toMatch(/^ok/m)
  })
})
