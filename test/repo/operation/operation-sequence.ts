import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'
import type { OperationPlan } from '../../../src/repo/operation/operation-plan.ts'
import type { WorktreeStep } from '../../../src/repo/operation/operation.ts'
import type { Head } from '../../../src/repo/refs/head.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { formatSequence } from '../../../src/repo/sequence/sequence-format.ts'
import { isSameSequence, readSequence, type Sequence } from '../../../src/repo/sequence/sequence.ts'
import { writeFileDurably } from '../../../src/store/durable.ts'

/**
 * A sequence of operations in which every state is known by its number: each moves a branch, makes or deletes others,
 * switches HEAD every third time, begins or ends a merge, replaces the index, and rewrites some files.
 */
export interface State {
  refs: Record<string, string>
  head: string
  index: string
  sequence: string | undefined
  config: string | undefined
}

/** The state after `count` operations. */
export function stateAfter(count: number): State {
  const refs: Record<string, string> = {}
  for (let number = Math.max(1, count - SPAN + 1); number <= count; number++) {
    refs[branchOf(number)] = commitOf(number).toString()
  }
  if (count > 0) {
    refs['refs/heads/main'] = commitOf(count).toString()
  }
  return {
    refs: refs,
    head: headText(headAfter(count)),
    index: String(count),
    sequence: sequenceText(sequenceAfter(count)),
    config: configAfter(count),
  }
}

/** The state of a repository as its readers see it. */
export async function currentState(repository: Repository, indexPath: string): Promise<State> {
  const refs = (await repository.refs.list()).map(({ name, cid }) => [name, cid.toString()] as const)
  const head = headText(await repository.refs.head())
  repository.config.refresh()
  return {
    refs: Object.fromEntries(refs),
    head,
    index: readFileSync(indexPath, 'utf8'),
    sequence: sequenceText(readSequence(repository)),
    config: repository.config.get('branch.main.merge'),
  }
}

/** Does the operation with this number; the caller holds the lock. */
export async function planOf(repository: Repository, number: number): Promise<OperationPlan> {
  const next = `index-${number}`
  await writeFileDurably(join(repository.layout.tmp, next), String(number))
  const commit = commitOf(number)
  const refs = [
    {
      name: 'refs/heads/main',
      before: number === 1 ? undefined : commitOf(number - 1),
      after: commit,
      message: 'move',
    },
    { name: branchOf(number), before: undefined, after: commit, message: 'make' },
  ]
  if (number > SPAN) {
    refs.push({
      name: branchOf(number - SPAN),
      before: commitOf(number - SPAN),
      after: undefined as never,
      message: '',
    })
  }
  const head = { before: headAfter(number - 1), after: headAfter(number), message: 'switch' }
  const sequence = { before: sequenceAfter(number - 1), after: sequenceAfter(number) }
  return {
    command: String(number),
    person: { name: 'Ann', email: 'ann@example.org', date: '2026-01-02T03:04:05Z' },
    refs,
    ...(headText(head.before) === headText(head.after) ? {} : { head }),
    ...(isSameSequence(sequence.before, sequence.after) ? {} : { sequence }),
    config: [{ key: 'branch.main.merge', before: configAfter(number - 1), after: configAfter(number) }],
    worktree: { before: commit, after: commit },
    index: { next },
  }
}

/** Rewrites the files, and stops at one that holds neither what it held before nor what it shall hold. */
export const rewriteFiles: WorktreeStep = async (entry, repository) => {
  for (const path of filesOf(repository)) {
    const content = readFileSync(path, 'utf8')
    if (content !== String(entry.number) && content !== String(entry.number - 1)) {
      throw new Error(`${path} holds ${content} at operation ${entry.number}`)
    }
    const next = join(repository.layout.tmp, 'file')
    writeFileSync(next, String(entry.number))
    renameSync(next, path)
  }
}

/** The files that the operations rewrite. */
export function filesOf(repository: Repository): string[] {
  return ['a', 'b', 'c'].map((name) => join(repository.worktree as string, name))
}

/** How many operations a branch lives. */
const SPAN = 3

function branchOf(number: number): string {
  return `refs/heads/${number % 2 === 0 ? 'Team' : 'team'}/${'🦆'.repeat(number % 40)}${number}`
}

function commitOf(number: number): CID {
  return cidOf(DAG_JSON, Buffer.from(String(number)))
}

function configAfter(number: number): string | undefined {
  return number % 5 === 0 ? undefined : `refs/heads/${number}`
}

function headAfter(number: number): Head {
  return number % 3 === 2 ? { detached: commitOf(number) } : { branch: 'refs/heads/main' }
}

/** A merge begins with one operation, and the next begins another or ends it. */
function sequenceAfter(number: number): Sequence | undefined {
  if (number === 0 || number % 4 > 1) return undefined
  return { kind: 'merge', before: commitOf(number), theirs: [commitOf(number + 1)], message: 'Merge\n', squash: false }
}

function sequenceText(sequence: Sequence | undefined): string | undefined {
  return sequence && formatSequence(sequence)
}

function headText(head: Head): string {
  return 'branch' in head ? head.branch : head.detached.toString()
}
