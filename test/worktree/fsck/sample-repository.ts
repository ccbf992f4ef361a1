import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { afterAll, onTestFinished } from 'vitest'

import { initRepository } from '../../../src/repo/init-repository.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { seededBytes } from '../../support/seeded.ts'
import { commitFiles } from '../gc/support.ts'
import { add } from '../support/repository.ts'

interface Commits {
  first: CID
  second: CID
}

/** Made once for a file of tests, and copied. */
let template: Promise<Commits & { folder: string }> | undefined

/** Two commits with files of every kind, and something staged; in a folder that goes when the test ends. */
export async function sampleRepository(): Promise<Commits & { repository: Repository }> {
  const { folder, ...commits } = await (template ??= makeTemplate())
  const copy = temporaryFolder()
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  const repository = await openRepository(copy)
  onTestFinished(() => repository.close())
  return { repository, ...commits }
}

async function makeTemplate(): Promise<Commits & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'jzfs-'))
  const repository = await initRepository(folder)
  mkdirSync(join(folder, 'd'))
  writeFileSync(join(folder, 'd', 'one'), 'content one')
  writeFileSync(join(folder, 'run.sh'), '#!/bin/sh')
  chmodSync(join(folder, 'run.sh'), 0o755)
  symlinkSync('d/one', join(folder, 'link'))
  writeFileSync(join(folder, 'big'), seededBytes('big', 2_500_000))
  const first = await commitFiles(repository, { two: 'content two' })
  const second = await commitFiles(repository, { two: 'changed content' })
  writeFileSync(join(folder, 'staged'), 'staged content')
  await add(repository)
  await repository.close()
  return { folder, first, second }
}

afterAll(async () => {
  if (template !== undefined) rmSync((await template).folder, { recursive: true, force: true })
})
