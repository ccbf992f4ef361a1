import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

import { expect } from 'vitest'

import { openRepository, type Repository } from '../../src/repo/repository.ts'
import { readSequence } from '../../src/repo/sequence/sequence.ts'
import { worktreeStep } from '../../src/worktree/checkout/worktree-step.ts'
import { openIndex } from '../../src/worktree/index/open-index.ts'
import { writeRefreshedIndex } from '../../src/worktree/index/write-refreshed-index.ts'
import { readStatus } from '../../src/worktree/status/status.ts'
import { KILL_SCENARIOS, makeKillRepository, type KillScenario } from './kill-scenarios.ts'
import { folderContent, type FolderContent } from './support/folder-content.ts'
import type { SeededRandom } from './support/seeded-random.ts'

/** What the kills of one command met. */
export interface KillTally {
  kills: number
  /** Kills that left an operation to be finished. */
  unfinished: number
  /** Kills of the command that was to finish it. */
  killedAgain: number
  /** Files that were edited after a kill. */
  edited: number
}

/** What a repository is, for its readers and on the disk. */
interface State {
  refs: string[]
  head: string
  index: string[]
  status: string[]
  /** What waits for its user. */
  sequence: string
}

interface Side extends State {
  files: FolderContent
}

/** A command, the working tree it starts from, and the two states that are allowed after a kill. */
export interface PreparedKills {
  scenario: KillScenario
  program: string
  template: string
  before: Side
  after: Side
  durationMs: number
}

/** Makes the repository of a scenario in `folder`, and runs its command once to its end on a copy. */
export async function prepareKills(folder: string, name: string): Promise<PreparedKills> {
  const scenario = KILL_SCENARIOS.find((each) => each.name === name)
  if (scenario === undefined) throw new TypeError(`no such scenario: ${name}`)
  const program = copyProgram(folder)
  const template = join(folder, 'template')
  mkdirSync(template)
  await makeKillRepository(template)
  const repository = await open(template)
  await scenario.prepare?.(template, repository)
  await repository.close()
  const before = await readSide(await copyOf(template, join(folder, 'before')))
  const finished = await copyOf(template, join(folder, 'after'))
  const started = performance.now()
  const child = start(program, finished, scenario.args)
  const [status] = (await once(child, 'exit')) as [number | null]
  const durationMs = performance.now() - started
  expect(status, `${name} succeeds`).toBe(scenario.status ?? 0)
  const after = await readSide(finished)
  expect(stateOf(after), `${name} does something`).not.toEqual(stateOf(before))
  return { scenario, program, template, before, after, durationMs }
}

/** Kills the command `kills` times at random moments, each time on a new copy, and checks what is left each time. */
export async function killMany(
  folder: string,
  prepared: PreparedKills,
  kills: number,
  random: SeededRandom,
): Promise<KillTally> {
  const tally = { kills: 0, unfinished: 0, killedAgain: 0, edited: 0 }
  for (let kill = 0; kill < kills; kill++) {
    const top = await copyOf(prepared.template, join(folder, `kill-${kill}`))
    // Every other one once the operation has begun: else most would come before that.
    await runAndKill(prepared, top, prepared.scenario.args, random, kill % 2 === 1)
    await checkAfterKill(top, prepared, random, tally, `${prepared.scenario.name}, kill ${kill}`)
    execFileSync('rm', ['-r', top])
  }
  return tally
}

async function checkAfterKill(
  top: string,
  prepared: PreparedKills,
  random: SeededRandom,
  tally: KillTally,
  where: string,
): Promise<void> {
  const { scenario, before, after } = prepared
  tally.kills++
  const repository = await open(top)
  const pending = repository.layout.pending
  const isUnfinished = existsSync(pending)
  const seen = await readState(repository)
  // Once its entry is written the operation has happened; before, and when it is done, either may be.
  const side = (isUnfinished ? [after] : [before, after]).find((each) => isSame(stateOf(each), seen)) ?? after
  const isMoving = isUnfinished && scenario.name === 'mv'
  // What is not tracked is still seen where it is.
  const expectedStatus = isMoving
    ? expect.arrayContaining(side.status.filter((line) => line.startsWith('staged')))
    : side.status
  expect(seen, `${where}: what readers see`).toEqual({ ...stateOf(side), status: expectedStatus })
  const other = seen.status.filter((line) => !side.status.includes(line) && !before.status.includes(line))
  expect(other, `${where}: nothing half done is seen as somebody's change`).toEqual([])
  if (isUnfinished) tally.unfinished++
  const edited = isUnfinished && random.chance(0.5) ? editOne(top, random) : undefined
  if (edited !== undefined) tally.edited++
  if (isUnfinished && random.chance(0.4)) {
    await runAndKill(prepared, top, FINISHING, random, false)
    tally.killedAgain++
  }
  const next = start(prepared.program, top, FINISHING)
  const [[status], said] = await Promise.all([once(next, 'exit') as Promise<[number | null]>, text(next.stderr)])
  expect([status, said], `${where}: the next command`).toEqual([0, expect.stringMatching(SAID)])
  expect(existsSync(pending), `${where}: it is finished`).toBe(false)
  const files = folderContent(top)
  const place = edited === undefined ? undefined : [edited, `new-folder/${edited}`].find((each) => each in files)
  if (edited !== undefined)
    expect(files[place as string], `${where}: the edited file`).toMatch(/edited after the kill$/)
  const ours = place === undefined ? {} : { [place]: files[place] }
  expect(files, `${where}: the files`).toEqual({ ...side.files, ...ours })
  const settled = await readState(repository)
  const ignoringStatus = { ...settled, status: seen.status }
  expect(ignoringStatus, `${where}: refs, HEAD and index`).toEqual(seen)
  if (edited === undefined) expect(settled.status, `${where}: status`).toEqual(side.status)
  const pack = await repository.store.createPack()
  pack.abort()
  expect(readdirSync(repository.layout.tmp), `${where}: temporary files`).toEqual([])
  await repository.close()
}

/** A command that takes the lock, and changes nothing that is compared. */
const FINISHING = ['config', 'user.name', 'Ann']

/** What it says: nothing, or that it finished what was interrupted, and which file it left to its editor. */
const SAID = /^(?:left as it is[^\n]*\n)*(?:finished what was interrupted: jzfs [^\n]*\n)?$/

/** The bundle as it is now: it may be built anew while the test runs. */
function copyProgram(folder: string): string {
  const program = join(folder, 'program')
  cpSync(join(import.meta.dirname, '..', '..', 'dist'), program, { recursive: true })
  writeFileSync(join(program, 'package.json'), '{"type":"module"}')
  return join(program, 'cli', 'main.js')
}

function start(program: string, top: string, args: readonly string[]) {
  const env = {
    ...process.env,
    HOME: top,
    JZFS_HOME: join(top, '..', 'home'),
    JZFS_AUTHOR_NAME: 'Ann',
    JZFS_AUTHOR_EMAIL: 'ann@example.org',
    SOURCE_DATE_EPOCH: '1767225600',
  }
  return spawn(process.execPath, [program, ...args], { cwd: top, env, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Kills the command at a random moment of its time; with `onceBegun`, not before its operation's entry is there. */
async function runAndKill(
  { program, durationMs }: PreparedKills,
  top: string,
  args: readonly string[],
  random: SeededRandom,
  onceBegun: boolean,
): Promise<void> {
  const child = start(program, top, args)
  const exit = once(child, 'exit')
  const pending = join(top, '.jzfs/ops/pending.json')
  const delayMs = random.below(1000) / 1000
  if (onceBegun) {
    while (!existsSync(pending) && child.exitCode === null) await setImmediate()
    // Half of them at once: an operation that rewrites no files takes few milliseconds.
    if (delayMs > 0.5) await sleep((delayMs - 0.5) * 0.4 * durationMs)
  } else {
    await sleep(delayMs * durationMs)
  }
  child.kill('SIGKILL')
  await exit
}

async function copyOf(template: string, top: string): Promise<string> {
  execFileSync('cp', ['-a', template, top])
  // The copies have other inodes: with the stat data of the template every file would be hashed.
  const repository = await open(top)
  const { index } = await readStatus(repository)
  await writeRefreshedIndex(repository, index, 'test')
  await repository.close()
  return top
}

function open(top: string): Promise<Repository> {
  return openRepository(top, {
    worktreeStep: async (entry, repository) => void (await worktreeStep(entry, repository)),
  })
}

async function readSide(top: string): Promise<Side> {
  const repository = await open(top)
  const side = { ...(await readState(repository)), files: folderContent(top) }
  await repository.close()
  return side
}

async function readState(repository: Repository): Promise<State> {
  const head = await repository.refs.head()
  const index = await openIndex(repository)
  const found = await readStatus(repository, { untracked: 'all', renames: false })
  const { staged, unstaged, untracked, conflicts } = found
  return {
    refs: (await repository.refs.list()).map(({ name, cid }) => `${name} ${cid.toString()}`),
    head: 'branch' in head ? head.branch : head.detached.toString(),
    index: Array.from(
      index.entries(),
      ({ path, stage, kind, cid, size }) => `${path} ${stage} ${kind} ${cid.toString()} ${size}`,
    ),
    status: [
      ...staged.map(({ path }) => `staged ${path}`),
      ...unstaged.map(({ path, difference }) => `${difference} ${path}`),
      ...untracked,
      ...conflicts.map(({ path }) => `conflict ${path}`),
    ],
    sequence: JSON.stringify(readSequence(repository) ?? null),
  }
}

function stateOf({ refs, head, index, status, sequence }: Side): State {
  return { refs, head, index, status, sequence }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Changes a file that is there, as a user would. Those that give way to a folder, or are in one, are left out. */
function editOne(top: string, random: SeededRandom): string | undefined {
  const path = `changed/${random.below(60)}`
  const found = lstatSync(join(top, path), { throwIfNoEntry: false })
  if (found?.isFile() !== true || (found.mode & 0o700) === 0o200) return undefined
  writeFileSync(join(top, path), 'edited after the kill')
  return path
}
