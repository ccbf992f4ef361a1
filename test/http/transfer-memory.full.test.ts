import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { openHome } from '../../src/node/home/home.ts'
import { publishBranch } from '../../src/node/publish/publish.ts'
import { commitTo } from '../support/dataset.ts'
import { temporaryFolder, temporaryRepository } from '../support/repository.ts'
import { seededBytes } from '../support/seeded.ts'

const MAX_RESIDENT_KIB = 250 * 1024

const url = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url))

/** The peak of this process's resident memory in KiB; `resourceUsage` counts that of the process that started it too. */
const PEAK = `
  const { readFileSync } = await import('node:fs')
  const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])`

/** Serves a home until it gets a line, then says its peak resident memory in KiB. */
const SERVE = `${PEAK}
  const { openHome } = await import(${url('node/home/home.ts')})
  const { runDaemon } = await import(${url('http/run-daemon.ts')})
  const daemon = await runDaemon({ home: openHome(process.argv[1]), version: '0', command: 'x', now: () => new Date() })
  console.log(daemon.state.addresses[0])
  process.stdin.once('data', async () => {
    console.log(peak())
    await daemon.stop()
    process.exit()
  })`

/** Receives a commit, then says its peak resident memory in KiB. */
const RECEIVE = `${PEAK}
  const { CID } = await import('multiformats/cid')
  const { openHome } = await import(${url('node/home/home.ts')})
  const { openNetwork } = await import(${url('http/open-network.ts')})
  const { openStore } = await import(${url('store/store.ts')})
  const { fetchFromPeers } = await import(${url('sync/clone/fetch-from-peers.ts')})
  const [home, store, address, cid] = process.argv.slice(1)
  const network = await openNetwork(openHome(home), { addresses: [address] })
  await fetchFromPeers({ wants: [CID.parse(cid)], peers: network.peers, store: await openStore(store) })
  await network.close()
  console.log(peak())`

function start(script: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const line = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]).trim()
  return { child, line }
}

it.skipIf(process.platform !== 'linux')(
  '1 GiB is served, carried and received by processes that stay under 250 MiB',
  async () => {
    const repository = await temporaryRepository()
    const files = Array.from({ length: 4 }, (_, i) => [`big-${i}.bin`, seededBytes(`big ${i}`, 268_435_456)] as const)
    const commit = await commitTo(repository, Object.fromEntries(files))
    const folder = temporaryFolder()
    const homes = ['server', 'carrier', 'none'].map((name) => join(folder, name))
    const [serverHome = '', carrierHome = '', noHome = ''] = homes
    const request = { repository, ref: 'refs/heads/main', command: 'x', now: new Date() }
    await publishBranch(openHome(serverHome), request)

    const [server, carrier] = [start(SERVE, serverHome), start(SERVE, carrierHome)]
    const [address] = await Promise.all([server.line(), carrier.line()])
    const peaks: Record<string, number> = {}
    for (const [who, home] of Object.entries({ alone: noHome, throughDaemon: carrierHome })) {
      peaks[who] = Number(await start(RECEIVE, home, join(folder, who), address, commit.toString()).line())
    }
    for (const [who, { child, line }] of Object.entries({ server, carrier })) {
      child.stdin.write('stop\n')
      peaks[who] = Number(await line())
    }
    for (const [who, peak] of Object.entries(peaks)) {
      expect(peak, `${who}: ${JSON.stringify(peaks)}`).toBeGreaterThan(0)
      expect(peak, `${who}: ${JSON.stringify(peaks)}`).toBeLessThan(MAX_RESIDENT_KIB)
    }
  },
)
