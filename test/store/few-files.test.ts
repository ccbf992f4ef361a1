import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { temporaryFolder } from '../support/temporary-folder.ts'

const program = fileURLToPath(new URL('../support/store-with-few-files.ts', import.meta.url))

it('a store does everything with 50 file descriptors', () => {
  const limited = ['-c', 'ulimit -n 50 && exec "$@"', 'sh', process.execPath, program, temporaryFolder()]
  const { stdout, stderr, status } = spawnSync('sh', limited, { encoding: 'utf8' })
  expect({ stdout, stderr, status }).toEqual({ stdout: 'done', stderr: '', status: 0 })
})
