import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { runDaemon } from '../../../src/http/run-daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

const command = 'jzfs test'
const now = (): Date => new Date()

it('a daemon is the router of others: they resolve and clone by it, and it takes what is newer', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const daemon = await runDaemon({ home, version: '0', command, now, httpPort: 0 })
  onTestFinished(() => daemon.stop())
  const url = daemon.state.http ?? ''
  const repository = await temporaryDataset({ 'a.txt': 'a' })
  const refs = ['refs/heads/main']
  const { name } = await publishRefs(home, { repository, refs, command, now: now() })

  const folder = temporaryFolder()
  const jzfs = (...args: string[]) => runHere(folder, args, { JZFS_HOME: join(folder, 'home') }, now)
  await jzfs('config', '--user', '--add', 'routing.urls', url)
  expect(JSON.parse((await jzfs('resolve', name, '--json')).stdout)).toMatchObject({ name, sequence: '0', peer: url })
  const clone = await jzfs('clone', `ipns://${name}`, 'copy', '--peer', daemon.state.addresses[0] ?? '')
  expect(clone).toMatchObject({ status: 0 })

  // A router that is ahead of the daemon: what it gives is resolved, and the daemon takes it from there.
  const other = openHome(join(temporaryFolder(), 'other'))
  for (const key of home.keys.list()) await other.keys.add(key, home.keys.read(key)!)
  await commitTo(repository, { 'b.txt': 'b' })
  const newer = openKnownNames(other.layout.names)
  await newer.accept(name, (await openKnownNames(home.layout.names).record(name))!.bytes, { now: now() })
  const { record } = await publishRefs(other, { repository, refs, command, now: now() })
  expect(record.sequence).toBe(1n)
  const { createRouter } = await import('../../../src/http/routing/router.ts')
  await createRouter(url).putRecord(name, record.bytes)
  expect((await jzfs('resolve', name)).stdout).toBe(`${record.value}\n`)
})
