import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { checkDaemon } from '../../../src/http/doctor/check-daemon.ts'
import { runDaemon } from '../../../src/http/run-daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { temporaryFolder } from '../../support/repository.ts'

it('the doctor sees a daemon that is well, one of another version, and one that nobody can reach', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const daemon = await runDaemon({ home, version: '1.0.0', command: 'jzfs daemon', now: () => new Date() })
  onTestFinished(() => daemon.stop())
  const check = async (version: string) => {
    const { findings, isRunning } = await checkDaemon(home, { version })
    return { codes: findings.map(({ code, severity }) => `${severity} ${code}`), isRunning }
  }
  expect(await check('1.0.0')).toEqual({ codes: ['ok daemon'], isRunning: true })
  expect(await check('2.0.0')).toEqual({ codes: ['warning daemon-version-differs'], isRunning: true })
  await daemon.node.stop()
  expect(await check('1.0.0')).toEqual({ codes: ['error port-unreachable'], isRunning: true })
  await daemon.stop()
  expect(await check('1.0.0')).toEqual({ codes: ['ok daemon'], isRunning: false })
})
