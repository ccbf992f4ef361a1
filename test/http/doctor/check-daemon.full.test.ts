import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { checkDaemon } from '../../../src/http/doctor/check-daemon.ts'
import { runDaemon } from '../../../src/http/run-daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { temporaryFolder } from '../../support/repository.ts'

const isPrivileged = spawnSync('unshare', ['-rm', 'true']).status === 0

it.skipIf(!isPrivileged)('the doctor sees a disk that is full, and one that cannot be written to', () => {
  const home = join(temporaryFolder(), 'home')
  const main = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')
  const examine = (mount: string): string[] => {
    const script = `mkdir -p -m 700 ${home} && mount -t tmpfs -o size=50m,mode=700 tmpfs ${home} && ${mount} ${process.execPath} ${main} doctor -q`
    const { stdout } = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      env: { ...process.env, JZFS_HOME: home },
      encoding: 'utf8',
    })
    return stdout.split('\n').flatMap((line) => /^(?:error|warning) +([a-z-]+):/.exec(line)?.[1] ?? [])
  }
  expect(examine('')).toEqual(['disk-full'])
  expect(examine(`mount -o remount,ro ${home} &&`)).toContain('read-only-file-system')
})

it('the doctor sees a daemon that is well, one of another version, and one that nobody can reach', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const daemon = await runDaemon({
    home,
    version: '1.0.0',
    command: 'jzfs daemon',
    httpPort: 0,
    now: () => new Date(),
  })
  onTestFinished(() => daemon.stop())
  const check = async (version: string) => {
    const { findings, isRunning } = await checkDaemon(home, { version })
    return { codes: findings.map(({ code, severity }) => `${severity} ${code}`), isRunning }
  }
  expect(await check('1.0.0')).toEqual({ codes: ['ok daemon'], isRunning: true })
  expect(await check('2.0.0')).toEqual({ codes: ['warning daemon-version-differs'], isRunning: true })
  await daemon.node.stop()
  expect(await check('1.0.0')).toEqual({ codes: ['error port-unreachable'], isRunning: true })
  expect(daemon.state.http).toBeDefined()
  await daemon.stop()
  expect(await check('1.0.0')).toEqual({ codes: ['ok daemon'], isRunning: false })
})
