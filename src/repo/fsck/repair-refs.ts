import { existsSync } from 'node:fs'
import { relative, sep } from 'node:path'

import type { CID } from 'multiformats/cid'

import { refNameProblem } from '../../model/ref-name.ts'
import { logFiles, readText } from '../gc/expire-records.ts'
import type { Layout } from '../layout.ts'
import { createDurableChanges } from '../operation/durable-changes.ts'
import { readOperations } from '../operation/operation-log.ts'
import { salvagePackedRefs } from '../refs/packed-refs-format.ts'
import { isPackable, readPackedRefs, replacePackedRefs } from '../refs/packed-refs.ts'
import { decodeRefPath } from '../refs/ref-encoding.ts'
import { listLooseRefs, type Ref, refPath } from '../refs/ref-files.ts'
import { reflogPath } from '../refs/reflog.ts'
import type { Repository } from '../repository.ts'
import { readableEntries } from './head-from-log.ts'
import { isDamaged } from './is-damaged.ts'
import type { Repair } from './repair.ts'
import { copyAside } from './set-aside.ts'

/**
 * Gives refs whose files cannot be read the newest value that they are known to have had and that is here. No operation says so: an
 * undo of it could only bring back what cannot be read.
 */
export async function* repairRefs(repository: Repository): AsyncGenerator<Repair> {
  const { layout } = repository
  const names: string[] = []
  listLooseRefs(layout, 'refs', ({ details }) => names.push(String(details['ref'])))
  for (const name of names) {
    const cid = await lastValue(repository, name)
    if (cid === undefined) continue
    const path = refPath(layout, name)
    const aside = await copyAside(layout, path)
    const changes = createDurableChanges(layout.tmp)
    changes.replace(path, `${cid.toString()}\n`)
    changes.sync()
    yield { code: 'ref-restored', message: `${name} was restored to what it was last: ${cid.toString()}`, path, aside }
  }
}

/**
 * Writes the file of packed refs anew where it is damaged: with the lines of it that can be read and whose values are here, and with
 * what the reflogs say of refs that it may have had. A ref that is in neither is lost.
 */
export async function* repairPackedRefs(repository: Repository): AsyncGenerator<Repair> {
  const { layout, store } = repository
  const { packedRefs: path } = layout
  if (!isDamaged(() => readPackedRefs(layout))) return
  const found = salvagePackedRefs(readText(path))
  const refs: Ref[] = []
  for (const name of new Set([...found.keys(), ...loggedRefs(layout)])) {
    if (refNameProblem(name) !== undefined || !isPackable(name) || existsSync(refPath(layout, name))) continue
    const value = found.get(name)
    const cid = value !== undefined && (await store.has(value)) ? value : await lastValue(repository, name)
    if (cid !== undefined) refs.push({ name, cid })
  }
  const aside = await copyAside(layout, path)
  replacePackedRefs(createDurableChanges(layout.tmp), layout, refs)
  const message = `the file of packed refs was written anew, with the ${refs.length} refs of it that are known`
  yield { code: 'packed-refs-restored', message, path, aside }
}

/** The refs that have a log: that of a deleted one is deleted too. */
function loggedRefs(layout: Layout): string[] {
  return logFiles(layout.logs).flatMap((file) => {
    const path = relative(layout.logs, file)
      .replaceAll(sep, '/')
      .replace(/\.log$/, '')
    return decodeRefPath(path) ?? []
  })
}

async function lastValue({ layout, store }: Repository, name: string): Promise<CID | undefined> {
  for (const cid of valuesOf(layout, name)) if (await store.has(cid)) return cid
  return undefined
}

/** What a ref was, by its log, and for want of one by the operations: newest first. */
function* valuesOf(layout: Layout, name: string): Generator<CID> {
  for (const { after } of readableEntries(reflogPath(layout, name))) if (after !== undefined) yield after
  for (const { refs } of readOperations(layout)) {
    const after = refs.find((ref) => ref.name === name)?.after
    if (after !== undefined) yield after
  }
}
