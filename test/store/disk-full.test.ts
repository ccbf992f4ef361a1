import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { temporaryFolder } from '../support/temporary-folder.ts'

const program = fileURLToPath(new URL('../support/store-on-a-full-disk.ts', import.meta.url))

it('a full disk is said in one line, leaves no half-written file, and the store goes on', ({ skip }) => {
  const folder = temporaryFolder()
  const onSmallDisk = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"', folder]
  if (spawnSync('unshare', [...onSmallDisk, 'true']).status !== 0) {
    process.stderr.write('SKIPPED: a full disk (unshare and mount are not possible here)\n')
    skip()
  }
  const done = spawnSync('unshare', [...onSmallDisk, process.execPath, program, folder], { encoding: 'utf8' })
  expect(done.stderr).toBe('')
  const reports: unknown = JSON.parse(done.stdout)
  const full = { code: 'disk-full', family: 'unavailable', hint: expect.stringContaining('free some space') }
  expect(reports).toEqual([
    { what: 'pack', ...full, message: expect.stringContaining(`${folder}/tmp/pack-`), left: [] },
    { what: 'loose', ...full, message: expect.stringContaining(`${folder}/loose/`), left: [] },
    { what: 'file', ...full, message: expect.stringContaining(`${folder}/file`), left: ['file'] },
    { what: 'after', isReadable: true, file: 'before' },
  ])
})
