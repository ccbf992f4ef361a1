import type { Audience } from '../../node/home/repository-registry.ts'
import type { Publication, RepositoryPublication } from '../../node/publish/publish.ts'
import { describeRef } from '../undo/describe-change.ts'

/** What `publish` says of a ref: its name, and what it names now. */
export function publicationLines(publication: Publication): string[] {
  const { name, ref, commit, record, audience, follows, changed } = publication
  const state = changed ? 'published' : 'nothing new:'
  const as = name === undefined ? '' : ` as ipns://${name}`
  const sequence = record === undefined ? '' : `, sequence ${record.sequence}`
  const lines = [
    `${state} ${describeRef(ref)}${as}`,
    `  commit ${commit.toString()}${sequence}${audienceText(audience)}`,
  ]
  return follows ? [...lines, '  the daemon publishes it again when it moves'] : lines
}

/** What `publish` says of the repository. */
export function repositoryLines({ registered, name, record, movedFrom }: RepositoryPublication): string[] {
  const { publishesPushed } = registered
  const moved = movedFrom === undefined ? [] : [`  it was at ${movedFrom} before`]
  const later =
    publishesPushed === undefined ? [] : [`  what is pushed is published too${audienceText(publishesPushed)}`]
  return [`the repository ${registered.name} is ipns://${name}, sequence ${record.sequence}`, ...moved, ...later]
}

/** Whom something is for, as the end of a line: nothing for everybody. */
export function audienceText(audience: Audience): string {
  return audience === 'public' ? '' : `, only to ${audience.peers.join(', ')}`
}

/** A published ref as `--json` shows it. */
export function publicationDocument(publication: Publication): object {
  const { name, ref, commit, record, audience, follows, blocks, changed } = publication
  const signed = record && { value: record.value, sequence: record.sequence, validity: record.validity }
  return { ...(name !== undefined && { name }), ref, commit, ...signed, audience, follows, blocks, changed }
}

/** A published repository as `--json` shows it. */
export function repositoryDocument(publication: RepositoryPublication): object {
  const { registered, name, manifest, record, refs, changed } = publication
  const { name: repository, path, description = '', writers = [], publishesPushed } = registered
  const { value, sequence, validity } = record
  const about = { repository, path, description, writers, publishesPushed: publishesPushed ?? null }
  return {
    repository: { name, manifest, value, sequence, validity, ...about },
    refs: refs.map(publicationDocument),
    changed,
  }
}
