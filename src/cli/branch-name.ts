import { InvalidError } from '../model/errors.ts'
import type { Repository } from '../repo/repository.ts'

/** The full name of a branch that the user named, or of the one that is checked out. InvalidError `head-detached`. */
export async function branchOrHead({ refs }: Pick<Repository, 'refs'>, name: string | undefined): Promise<string> {
  if (name !== undefined) return name.startsWith('refs/heads/') ? name : `refs/heads/${name}`
  const head = await refs.head()
  if ('branch' in head) return head.branch
  throw new InvalidError('head-detached', 'no branch is checked out', { hint: 'name one: `jzfs branch` lists them' })
}

/** A branch as people call it: without `refs/heads/`. */
export function branchName(ref: string): string {
  return ref.replace(/^refs\/heads\//, '')
}
