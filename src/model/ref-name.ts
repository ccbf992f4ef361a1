import { InvalidError } from './errors.ts'
import { MAX_REF_NAME_BYTES } from './limits.ts'

/**
 * Checks a full ref name, `refs/heads/main`, by the rules of `git check-ref-format`, and that it is Unicode text of at
 * most 1,024 bytes. Throws InvalidError `ref-name-invalid` (details: `name`) saying which rule is broken.
 */
export function checkRefName(name: string): void {
  const problem = refNameProblem(name)
  if (problem !== undefined) throw refNameError(name, problem)
}

/** Checks the short name of a branch: what stands after `refs/heads/`. Throws InvalidError `ref-name-invalid`. */
export function checkBranchName(name: string): void {
  const problem = branchNameProblem(name)
  if (problem !== undefined) throw refNameError(name, problem)
}

/** Checks the short name of a tag: what stands after `refs/tags/`. Throws InvalidError `ref-name-invalid`. */
export function checkTagName(name: string): void {
  const problem = tagNameProblem(name)
  if (problem !== undefined) throw refNameError(name, problem)
}

/** What is wrong with the short name of a branch, as the end of a sentence; undefined for a good one. */
export function branchNameProblem(name: string): string | undefined {
  return name === 'HEAD' ? 'is the name of what is checked out' : shortNameProblem('refs/heads/', name)
}

/** What is wrong with the short name of a tag, as the end of a sentence; undefined for a good one. */
export function tagNameProblem(name: string): string | undefined {
  return shortNameProblem('refs/tags/', name)
}

/** What is wrong with a full ref name, as the end of a sentence; undefined for a good one. */
export function refNameProblem(name: string): string | undefined {
  if (PLAIN.test(name) && name.length <= MAX_REF_NAME_BYTES) return undefined
  if (!name.isWellFormed()) return 'is not Unicode text'
  if (Buffer.byteLength(name) > MAX_REF_NAME_BYTES) return `is longer than ${MAX_REF_NAME_BYTES} bytes`
  if (!name.includes('/')) return 'has no "/"'
  return (
    textProblem(name) ??
    name
      .split('/')
      .map(componentProblem)
      .find((problem) => problem !== undefined)
  )
}

/** Names in which no rule can be broken: most are, and lists have thousands of them. */
const PLAIN = /^[\w-]+(?:\/[\w-]+)+$/

// The rules are those of git-check-ref-format(1), in its order.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]/

function textProblem(name: string): string | undefined {
  if (name.includes('..')) return 'has ".."'
  const forbidden = FORBIDDEN.exec(name)?.[0]
  if (forbidden !== undefined) return `has the character ${JSON.stringify(forbidden)}`
  if (name.endsWith('.')) return 'ends with "."'
  if (name.includes('@{')) return 'has "@{"'
  return undefined
}

function componentProblem(component: string): string | undefined {
  if (component === '') return 'begins or ends with "/", or has "//"'
  if (component.startsWith('.')) return 'has a part that begins with "."'
  if (component.endsWith('.lock')) return 'has a part that ends with ".lock"'
  return undefined
}

function shortNameProblem(prefix: string, name: string): string | undefined {
  if (name.startsWith('-')) return 'begins with "-"'
  return refNameProblem(prefix + name)
}

function refNameError(name: string, problem: string): InvalidError {
  return new InvalidError('ref-name-invalid', `${JSON.stringify(name)} cannot name a ref: it ${problem}`, {
    hint: 'choose another name; letters, digits, "-", "_", "." and "/" are safe',
    details: { name },
  })
}
