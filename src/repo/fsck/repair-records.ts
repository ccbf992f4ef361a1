import { existsSync } from 'node:fs'

import type { Person } from '../../model/commit/person.ts'
import { IntegrityError } from '../../model/errors.ts'
import { acquireLock } from '../../store/lock/lock.ts'
import { logFiles, readText } from '../gc/expire-records.ts'
import type { Layout } from '../layout.ts'
import { createDurableChanges } from '../operation/durable-changes.ts'
import { expiredEntry } from '../operation/expired-entry.ts'
import { parseOperation } from '../operation/operation-entry.ts'
import { keepNumber, listOperationFiles, nextNumber } from '../operation/operation-log.ts'
import { formatHead, readHeadFile } from '../refs/head.ts'
import { parseReflogLine } from '../refs/reflog.ts'
import type { Repository } from '../repository.ts'
import { parseSequence } from '../sequence/sequence-format.ts'
import { headFromLog, readableEntries } from './head-from-log.ts'
import { isDamaged } from './is-damaged.ts'
import { repairPackedRefs, repairRefs } from './repair-refs.ts'
import type { Repair } from './repair.ts'
import { copyAside, moveAside } from './set-aside.ts'

/** Who repairs, for the logs. */
export interface RepairAuthor {
  command: string
  person: Person
}

/**
 * Puts aside the entry of an operation at work that cannot be read: until then the lock of the repository cannot be taken in
 * the usual way. What the operation had changed by then stays as it is.
 */
export async function* freePending({ layout }: Repository, author: RepairAuthor): AsyncGenerator<Repair> {
  const { pending } = layout
  if (!existsSync(pending)) return
  using _lock = await acquireLock(layout.lock, { command: author.command })
  if (!isDamaged(() => parseOperation(readText(pending), pending))) return
  // The number that it had may stand in reflogs already, whose lines are told apart by it.
  const number = Number(/"number":(\d+)/.exec(readText(pending))?.[1] ?? 0)
  const aside = await moveAside(layout, pending)
  keepNumbers(layout, Math.max(number, newestInLogs(layout)), author)
  const message =
    'the operation at work cannot be read, and was set aside: look whether files and refs are as you expect'
  yield { code: 'operation-aside', message, path: pending, aside }
}

/** Mends refs, HEAD, reflogs, operation entries and what is in progress. The caller holds the lock. */
export async function* repairRecords(repository: Repository, author: RepairAuthor): AsyncGenerator<Repair> {
  const { layout } = repository
  yield* repairReflogs(layout)
  yield* repairOperations(layout, author)
  yield* repairSequence(layout)
  yield* repairPackedRefs(repository)
  yield* repairRefs(repository)
  // Where HEAD was is told from the branches that there are.
  yield* repairHead(layout)
}

/** Drops lines that cannot be read. */
async function* repairReflogs(layout: Layout): AsyncGenerator<Repair> {
  const changes = createDurableChanges(layout.tmp)
  for (const path of logFiles(layout.logs)) {
    const text = readText(path)
    const lines = text.split('\n')
    const torn = lines.pop() as string
    const kept = lines.filter((line) => !isDamaged(() => parseReflogLine(line, path)))
    const dropped = lines.length - kept.length + (torn === '' ? 0 : 1)
    if (dropped === 0) continue
    const aside = await copyAside(layout, path)
    changes.replace(path, kept.map((line) => `${line}\n`).join(''))
    changes.sync()
    const what = dropped === 1 ? '1 line that cannot be read was' : `${dropped} lines that cannot be read were`
    yield { code: 'reflog-cut', message: `${what} dropped from a reflog`, path, aside }
  }
}

async function* repairOperations(layout: Layout, author: RepairAuthor): AsyncGenerator<Repair> {
  for (const { number, path, logsFolder } of listOperationFiles(layout)) {
    const isRight = (): void => {
      if (parseOperation(readText(path), path).number !== number) throw new IntegrityError('operation-corrupt', path)
    }
    if (!isDamaged(isRight)) continue
    const aside = await moveAside(layout, path)
    if (existsSync(logsFolder)) await moveAside(layout, logsFolder)
    keepNumbers(layout, number, author)
    const message = `the entry of operation ${number} cannot be read, and was set aside: what came before it cannot be undone`
    yield { code: 'operation-aside', message, path, aside }
  }
}

async function* repairSequence(layout: Layout): AsyncGenerator<Repair> {
  const { sequence: path } = layout
  if (!existsSync(path) || !isDamaged(() => parseSequence(readText(path), path))) return
  const aside = await moveAside(layout, path)
  const message = 'what is in progress cannot be read, and was set aside: paths in conflict are as they were'
  yield { code: 'sequence-aside', message, path, aside }
}

async function* repairHead(layout: Layout): AsyncGenerator<Repair> {
  const { head: path } = layout
  if (!isDamaged(() => readHeadFile(path))) return
  const head = headFromLog(layout)
  if (head === undefined) return
  const aside = await copyAside(layout, path)
  const changes = createDurableChanges(layout.tmp)
  changes.replace(path, formatHead(head))
  changes.sync()
  yield {
    code: 'head-restored',
    message: `HEAD was restored from the reflogs: ${formatHead(head).trim()}`,
    path,
    aside,
  }
}

/** Numbers tell lines of reflogs apart: none that was given is given again. */
function keepNumbers(layout: Layout, number: number, author: RepairAuthor): void {
  if (number < nextNumber(layout)) return
  const changes = createDurableChanges(layout.tmp)
  keepNumber(changes, layout, expiredEntry(number, author))
  changes.sync()
}

function newestInLogs(layout: Layout): number {
  let newest = 0
  for (const path of logFiles(layout.logs)) {
    const [entry] = readableEntries(path)
    newest = Math.max(newest, entry?.operation ?? 0)
  }
  return newest
}
