import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { pushDestination } from '../remote/push-destination.ts'
import { shortUpstream, type Upstream, upstreamOf } from '../remote/upstream.ts'
import { findRef, type FoundRef } from './find-ref.ts'
import { findPreviousBranch } from './reflog-lookup.ts'
import type { RevisionSource } from './revision-source.ts'

/**
 * Finds the ref that says where the upstream of a branch was (`main@{upstream}`), or the branch that it is pushed to
 * (`main@{push}`); without a name, or with HEAD, of the branch that is checked out.
 *
 * Throws NotFoundError `revision-not-found` for no branch, or an upstream that is not here; InvalidError `upstream-missing` for a branch
 * that follows nothing, `head-detached`, and what `pushDestination` throws.
 */
export async function findUpstreamRef(
  source: RevisionSource,
  { name, which }: { name: string; which: 'upstream' | 'push' },
  text: string,
): Promise<FoundRef> {
  const branch = await branchOf(source, name, text)
  const { config } = source
  const found = config && (which === 'push' ? pushDestination({ config }, branch) : upstreamOf({ config }, branch))
  if (found === undefined) throw followsNothing(branch)
  if (found.tracking === undefined) throw notKept(found, text)
  const cid = await source.refs.read(found.tracking)
  if (cid === undefined) throw gone(found, text)
  return { name: found.tracking, cid, others: [] }
}

async function branchOf(source: RevisionSource, name: string, text: string): Promise<string> {
  const head = await source.refs.head()
  const isCurrent = name === '' || name === '@' || name === 'HEAD'
  if (isCurrent && 'branch' in head) return head.branch
  if (isCurrent) {
    throw new InvalidError('head-detached', `${text} wants a branch, and none is checked out`, {
      hint: 'name the branch: main@{upstream}',
    })
  }
  const nth = /^@\{-(\d+)\}$/.exec(name)?.[1]
  const short = nth === undefined ? name : await findPreviousBranch(source, Number(nth), text)
  const full = short.startsWith('refs/heads/') ? short : `refs/heads/${short}`
  if ('branch' in head && head.branch === full) return full
  if ((await findRef(source, full)) !== undefined) return full
  throw new NotFoundError('revision-not-found', `there is no branch ${JSON.stringify(short)}`, {
    hint: 'list branches with `jzfs branch`',
    details: { revision: text, name: short },
  })
}

function followsNothing(branch: string): InvalidError {
  const name = branch.replace(/^refs\/heads\//, '')
  return new InvalidError('upstream-missing', `no upstream is configured for branch '${name}'`, {
    hint: `name one with \`jzfs branch -u UPSTREAM ${name}\``,
    details: { branch: name },
  })
}

function notKept({ remote, ref }: Upstream, text: string): NotFoundError {
  return new NotFoundError('revision-not-found', `${text} is ${ref} of ${remote}, which is not kept in a ref here`, {
    hint: `add a refspec for it: \`jzfs config --add remote.${remote}.fetch REFSPEC\``,
    details: { revision: text },
  })
}

function gone(upstream: Upstream, text: string): NotFoundError {
  return new NotFoundError('revision-not-found', `${text} is ${shortUpstream(upstream)}, which is not here`, {
    hint:
      upstream.remote === '.' ? 'list branches with `jzfs branch`' : `fetch it with \`jzfs fetch ${upstream.remote}\``,
    details: { revision: text },
  })
}
