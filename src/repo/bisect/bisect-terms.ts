import { InvalidError } from '../../model/errors.ts'
import { refNameProblem } from '../../model/ref-name.ts'
import { BISECT_REFS, type Bisect, type BisectTerms, termsOf } from './bisect-state.ts'

const VERBS = new Set([
  'help',
  'start',
  'skip',
  'next',
  'reset',
  'view',
  'visualize',
  'replay',
  'log',
  'run',
  'terms',
  'state',
  'head',
])

/** Checks terms that a user chose. InvalidError `bisect-term-invalid` (details: `term`). */
export function checkTerms(terms: BisectTerms): BisectTerms {
  for (const term of [terms.old, terms.new]) {
    if (VERBS.has(term)) throw invalid(term, 'it is a command of bisect')
    if (refNameProblem(BISECT_REFS + term) !== undefined || term.includes('/') || term.startsWith('-')) {
      throw invalid(term, 'it cannot be a part of the name of a ref')
    }
  }
  if (terms.old === terms.new) throw invalid(terms.old, 'it cannot stand for both states')
  if (['bad', 'new'].includes(terms.old)) throw invalid(terms.old, 'it means the state after')
  if (['good', 'old'].includes(terms.new)) throw invalid(terms.new, 'it means the state before')
  return terms
}

/**
 * What a word means in a bisection: `new` or `old`, and the terms from then on: the first of `bad`, `good`, `new` and `old` that is said
 * decides between them. Undefined for a word that means neither.
 */
export function meaningOf(word: string, bisect: Bisect): { side: keyof BisectTerms; terms: BisectTerms } | undefined {
  const known = bisect.terms === undefined ? [termsOf(bisect), { old: 'old', new: 'new' }] : [bisect.terms]
  for (const terms of known) {
    if (terms.new === word) return { side: 'new', terms }
    if (terms.old === word) return { side: 'old', terms }
  }
  return undefined
}

function invalid(term: string, problem: string): InvalidError {
  return new InvalidError('bisect-term-invalid', `"${term}" cannot be a term of a bisection: ${problem}`, {
    hint: 'choose words like `jzfs bisect start --term-old=fast --term-new=slow`',
    details: { term },
  })
}
