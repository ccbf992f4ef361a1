import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import { parseBisectLog, startLine } from '../../repo/bisect/bisect-log.ts'
import { BISECT_HEAD, type BisectTerms } from '../../repo/bisect/bisect-state.ts'
import { checkTerms } from '../../repo/bisect/bisect-terms.ts'
import { walkHistory } from '../../repo/history.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevisions, splitRange } from '../../repo/revision-range.ts'
import { resolveCommit } from '../../repo/revision.ts'
import {
  type Bisected,
  type BisectMark,
  type BisectOptions,
  markBisect,
  startBisect,
} from '../../worktree/bisect/bisect.ts'
import type { Context } from '../context.ts'
import type { DividedOperands } from '../operands.ts'
import { directoryInTree, splitArguments } from '../revisions.ts'

/** The options of `bisect start`. */
export interface StartFlags {
  termNew?: string
  termBad?: string
  termOld?: string
  termGood?: string
  checkout: boolean
  firstParent?: true
}

interface StartRequest {
  divided: DividedOperands
  flags: StartFlags
}

/** Begins a bisection as a command line says. */
export async function start(
  context: Context,
  repository: Repository,
  { divided, flags }: StartRequest,
  options: BisectOptions,
): Promise<Bisected> {
  const { revisions, paths } = await splitArguments(context, repository, divided, options)
  const commits: CID[] = []
  for (const revision of revisions) commits.push(await resolveCommit(repository, revision, options))
  const [bad, ...good] = commits
  const terms = termsGiven(flags)
  const isDetached = !flags.checkout || repository.bare
  const separated = paths.length === 0 ? [] : ['--', ...paths]
  return startBisect(
    repository,
    {
      bad,
      good,
      terms,
      paths,
      directory: directoryInTree(context, repository),
      isFirstParent: flags.firstParent === true,
      isDetached,
      // The marks have lines of their own.
      line: startLine([...optionsOf(flags, terms), ...separated]),
    },
    options,
  )
}

function termsGiven({ termNew, termBad, termOld, termGood }: StartFlags): BisectTerms | undefined {
  const [after, before] = [termNew ?? termBad, termOld ?? termGood]
  if (after === undefined && before === undefined) return undefined
  return checkTerms({ new: after ?? 'bad', old: before ?? 'good' })
}

function optionsOf({ checkout, firstParent }: StartFlags, terms: BisectTerms | undefined): string[] {
  return [
    ...(terms === undefined ? [] : [`--term-new=${terms.new}`, `--term-old=${terms.old}`]),
    ...(checkout ? [] : ['--no-checkout']),
    ...(firstParent ? ['--first-parent'] : []),
  ]
}

/** The commits that a mark is about: those that are named, or the one that is tested. */
export async function commitsToMark(
  repository: Repository,
  word: string,
  revisions: readonly string[],
  options: BisectOptions,
): Promise<CID[]> {
  if (revisions.length === 0) {
    return [(await repository.refs.read(BISECT_HEAD)) ?? (await resolveCommit(repository, 'HEAD', options))]
  }
  if ((word === 'bad' || word === 'new') && revisions.length > 1) {
    throw new InvalidError('usage', `only one commit can be ${word}`, {
      hint: 'name the oldest that has what you look for',
    })
  }
  const commits: CID[] = []
  for (const revision of revisions) {
    if (word !== 'skip' || splitRange(revision) === undefined) {
      commits.push(await resolveCommit(repository, revision, options))
      continue
    }
    const { include, exclude } = await resolveRevisions(repository, [revision], options)
    for await (const { cid } of walkHistory(options.graph, { include, exclude, signal: options.signal }))
      commits.push(cid)
  }
  return commits
}

/** Begins a bisection again as its log says, and goes to the commit that is then to be tested. */
export async function replayLog(
  context: Context,
  repository: Repository,
  text: string,
  options: BisectOptions,
): Promise<Bisected> {
  const [first, ...rest] = parseBisectLog(text)
  if (first?.verb !== 'start') {
    throw new InvalidError('bisect-log-invalid', 'the log does not begin with a start', {
      hint: 'replay what `jzfs bisect log` has printed',
    })
  }
  const marks: BisectMark[] = []
  for (const { verb, args } of rest)
    marks.push({ word: verb, commits: await commitsToMark(repository, verb, args, options) })
  // The start must not leave where one is: what is then to be tested is known when all is marked.
  const started = await start(context, repository, readStart(first.args), options)
  return marks.length === 0 ? started : markBisect(repository, marks, options)
}

function readStart(args: readonly string[]): StartRequest {
  const dashes = args.indexOf('--')
  const before = dashes === -1 ? [...args] : args.slice(0, dashes)
  const valueOf = (option: string) => before.find((each) => each.startsWith(`${option}=`))?.slice(option.length + 1)
  const [termNew, termOld] = [
    valueOf('--term-new') ?? valueOf('--term-bad'),
    valueOf('--term-old') ?? valueOf('--term-good'),
  ]
  return {
    divided: {
      before: before.filter((each) => !each.startsWith('--')),
      behind: dashes === -1 ? undefined : args.slice(dashes + 1),
    },
    flags: {
      ...(termNew !== undefined && { termNew }),
      ...(termOld !== undefined && { termOld }),
      checkout: !before.includes('--no-checkout'),
      ...(before.includes('--first-parent') && { firstParent: true as const }),
    },
  }
}
