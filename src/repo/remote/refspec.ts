import { parseCidText } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import { refNameProblem } from '../../model/ref-name.ts'

/** Whether a refspec says what to fetch (from there to here) or what to push (from here to there). */
export type RefspecDirection = 'fetch' | 'push'

/** One rule of what is fetched or pushed, and where it is kept: `+refs/heads/*:refs/remotes/origin/*`. */
export interface Refspec {
  /** Whether what is there may be replaced by what does not contain it (`+`). */
  force: boolean
  /** Whether it takes refs away from what the others name (`^`). */
  negative: boolean
  /** Whether both sides have one `*`, which stands for the same text. */
  pattern: boolean
  /** What is sent: a ref, short or full, or a CID; empty for HEAD of a fetch, and for a deletion of a push. */
  source: string
  /** The ref that is written; undefined where none is named. */
  target: string | undefined
}

/**
 * Takes a refspec apart by git's rules: `[+]SOURCE[:TARGET]`, or `^SOURCE`; a `*` on one side wants one on the other.
 * Throws InvalidError `refspec-invalid` (details: `refspec`).
 */
export function parseRefspec(text: string, direction: RefspecDirection): Refspec {
  const { refspec, problem } = takeApart(text, direction)
  if (problem === undefined) return refspec
  throw new InvalidError('refspec-invalid', `${JSON.stringify(text)} is not a refspec: it ${problem}`, {
    hint: 'write SOURCE:TARGET, as in refs/heads/main:refs/remotes/origin/main or refs/heads/*:refs/remotes/origin/*',
    details: { refspec: text },
  })
}

/** What is wrong with a refspec, as the end of a sentence; undefined for a good one. */
export function refspecProblem(text: string, direction: RefspecDirection): string | undefined {
  return takeApart(text, direction).problem
}

/** The text of a refspec. */
export function formatRefspec({ force, negative, source, target }: Refspec): string {
  return `${force ? '+' : ''}${negative ? '^' : ''}${source}${target === undefined ? '' : `:${target}`}`
}

function takeApart(text: string, direction: RefspecDirection): { refspec: Refspec; problem: string | undefined } {
  const force = text.startsWith('+')
  const negative = text.startsWith('^')
  const rest = force || negative ? text.slice(1) : text
  const colon = rest.lastIndexOf(':')
  const source = atAsHead(colon < 0 ? rest : rest.slice(0, colon))
  const target = colon < 0 ? undefined : rest.slice(colon + 1)
  const pattern = source.includes('*')
  const refspec = { force, negative, pattern, source, target }
  if (negative) return { refspec, problem: negativeProblem(refspec) }
  // Git's way to say "all branches that both sides have".
  if (direction === 'push' && source === '' && target === '') return { refspec, problem: undefined }
  const isLopsided = target === undefined ? pattern && direction === 'fetch' : pattern !== target.includes('*')
  if (isLopsided) return { refspec, problem: 'has a "*" on one side only' }
  return { refspec, problem: direction === 'fetch' ? fetchProblem(refspec) : pushProblem(refspec) }
}

/** `@` alone is short for HEAD. */
function atAsHead(source: string): string {
  return source === '@' ? 'HEAD' : source
}

function negativeProblem({ source, target, pattern }: Refspec): string | undefined {
  if (target !== undefined) return 'begins with "^" and has two sides'
  if (source === '') return 'takes nothing away'
  if (parseCidText(source) !== undefined) return 'takes away a CID, and only refs can be'
  return sideProblem(source, pattern)
}

function fetchProblem({ source, target = '', pattern }: Refspec): string | undefined {
  if (source !== '' && parseCidText(source) === undefined) {
    const problem = sideProblem(source, pattern)
    if (problem !== undefined) return problem
  }
  return target === '' ? undefined : sideProblem(target, pattern)
}

function pushProblem({ source, target, pattern }: Refspec): string | undefined {
  if (source === '' && target === undefined) return 'names nothing'
  if (source !== '' && (pattern || target === undefined)) {
    const problem = sideProblem(source, pattern)
    if (problem !== undefined) return problem
  }
  if (target === undefined) return undefined
  return target === '' ? 'pushes to nowhere' : sideProblem(target, pattern)
}

/** A side may be short (`main`) and, in a pattern, has exactly one `*`. */
function sideProblem(side: string, pattern: boolean): string | undefined {
  const name = pattern ? side.replace('*', 'x') : side
  if (name === '@') return 'has "@" alone on a side'
  return refNameProblem(name.includes('/') ? name : `refs/${name}`)
}
