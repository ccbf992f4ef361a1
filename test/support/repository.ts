import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { onTestFinished } from 'vitest'

import { cidOf, DAG_JSON } from '../../src/model/cid.ts'
import type { Person } from '../../src/model/commit/person.ts'
import { initRepository, type InitOptions } from '../../src/repo/init-repository.ts'
import type { Repository } from '../../src/repo/repository.ts'

/** Who acts in tests. */
export const ANN: Person = { name: 'Ann', email: 'ann@example.org', date: '2026-01-02T03:04:05+01:00' }

/** An empty folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'jzfs-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A new repository in a folder that goes when the test ends. */
export async function temporaryRepository(options: InitOptions = {}): Promise<Repository> {
  const repository = await initRepository(temporaryFolder(), options)
  onTestFinished(() => repository.close())
  return repository
}

/** A CID that a commit could have: of these letters. */
export function someCommit(text: string | number): CID {
  return cidOf(DAG_JSON, Buffer.from(String(text)))
}
