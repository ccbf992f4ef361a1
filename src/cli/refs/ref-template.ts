import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { type DateStyle, renderDate } from '../../model/commit/date-style.ts'
import { parseDate } from '../../model/commit/date.ts'
import { formatIdentity, type Person } from '../../model/commit/person.ts'
import { InvalidError } from '../../model/errors.ts'
import { creatorOf, type NamedObject, type RefDetails } from '../../repo/refs/ref-details.ts'
import type { TrackingState } from '../../repo/remote/tracking-state.ts'
import { shortUpstream } from '../../repo/remote/upstream.ts'
import { distanceText, trackingText } from '../branch/tracking-text.ts'
import { messageParts } from '../history/commit-message.ts'
import { readDateStyle } from '../history/commit-style.ts'

/** What fields of refs may depend on beside the ref. */
export interface RefScene {
  /** The branch that is checked out. */
  headBranch: string | undefined
  now: Date
  /** How branches stand to what they follow, by their full names; only where a template asks for it. */
  tracking?: ReadonlyMap<string, TrackingState> | undefined
  /** The same for where they are pushed to. */
  pushing?: ReadonlyMap<string, TrackingState> | undefined
}

/** Whether a template or a field to sort by asks how branches stand to what they follow, or are pushed to. */
export function asksForTracking(template: string): boolean {
  return /(?:^|[-(*])(?:upstream|push)\b/.test(template)
}

/** The value of one field of a ref, for texts. */
export type RefField = (ref: RefDetails, scene: RefScene) => string

/**
 * Compiles a template of `for-each-ref`: `%(refname)`, `%(refname:short)`, `%(objectname:short)` and so on, `%%`, `%0a`.
 * InvalidError `usage` for a field that does not exist.
 */
export function compileRefTemplate(template: string): RefField {
  const pieces: RefField[] = []
  let end = 0
  for (const match of template.matchAll(/%(?:\(([^)]*)\)|([\da-fA-F]{2})|%)/g)) {
    const text = template.slice(end, match.index)
    end = match.index + match[0].length
    const [, field, byte] = match
    const value = byte === undefined ? '%' : String.fromCharCode(Number.parseInt(byte, 16))
    pieces.push(() => text, field === undefined ? () => value : compileRefField(field))
  }
  const rest = template.slice(end)
  return (ref, scene) => pieces.map((piece) => piece(ref, scene)).join('') + rest
}

/** One field: its name, `*` before it for what an annotated tag tags, and a form behind a colon. */
export function compileRefField(text: string): RefField {
  const [, star, name = '', form] = /^(\*?)([a-z]+)(?::(.*))?$/i.exec(text) ?? []
  if (name === 'refname') return ({ name: ref }) => (form === 'short' ? shortRefName(ref) : ref)
  if (name === 'HEAD') return ({ name: ref }, { headBranch }) => (ref === headBranch ? '*' : ' ')
  if (name === 'upstream' || name === 'push') {
    const render = upstreamField(form)
    return ({ name: ref }, { tracking, pushing }) => {
      const state = (name === 'push' ? pushing : tracking)?.get(ref)
      return state === undefined ? '' : render(state)
    }
  }
  const field = OBJECT_FIELDS[name]
  if (field === undefined) throw noSuchField(text)
  const read = field(form, text)
  if (star === '*') return ({ peeled }, scene) => (peeled === undefined ? '' : read(peeled, scene))
  return read
}

/** The value by which a field is sorted: dates by their time. */
export function sortKey(field: string): (ref: RefDetails, scene: RefScene) => string | number {
  const person = PERSONS[/^\*?(author|committer|tagger|creator)date$/.exec(field)?.[1] ?? '']
  if (person === undefined) return compileRefField(field)
  return (ref) => {
    const object = field.startsWith('*') ? ref.peeled : ref
    const date = object && person(object)?.date
    return date === undefined ? 0 : (parseDate(date)?.seconds ?? 0)
  }
}

/** `main` for `refs/heads/main`, `v1` for `refs/tags/v1`. */
export function shortRefName(name: string): string {
  return name.replace(/^refs\/(?:heads\/|tags\/|remotes\/)?/, '')
}

/** `%(upstream)`, `%(push)` and their forms, as git-for-each-ref(1) has them. */
function upstreamField(form: string | undefined): (state: TrackingState) => string {
  const field = UPSTREAM_FORMS[form ?? '']
  if (field !== undefined) return field
  throw new InvalidError('usage', `there is no form of upstream and push called ${form}`, {
    hint: `there are ${Object.keys(UPSTREAM_FORMS).filter(Boolean).join(' and ')}`,
  })
}

const bracketed = (state: TrackingState) => trackingText(state, { isNamed: false })

const UPSTREAM_FORMS: Readonly<Record<string, (state: TrackingState) => string>> = {
  '': ({ tracking = '' }) => tracking,
  short: (state) => (state.tracking === undefined ? '' : shortUpstream(state)),
  track: bracketed,
  'track,nobracket': distanceText,
  'nobracket,track': distanceText,
  trackshort: ({ distance }) => (distance === undefined ? '' : shortDistance(distance)),
  remotename: ({ remote }) => remote,
  remoteref: ({ ref }) => ref,
}

function shortDistance({ ahead, behind }: { ahead: number; behind: number }): string {
  if (ahead === 0 && behind === 0) return '='
  return `${behind > 0 ? '<' : ''}${ahead > 0 ? '>' : ''}`
}

type ObjectField = (form: string | undefined, text: string) => (object: NamedObject, scene: RefScene) => string

const PERSONS: Readonly<Record<string, (object: NamedObject) => Person | undefined>> = {
  author: ({ commit }) => commit?.author,
  committer: ({ commit }) => commit?.committer,
  tagger: ({ tag }) => tag?.tagger,
  creator: creatorOf,
}

const messageOf = ({ commit, tag }: NamedObject) => commit?.message ?? tag?.message ?? ''
const cidField = (cidOf: (object: NamedObject) => readonly (CID | undefined)[]): ObjectField => {
  return (form) => (object) =>
    cidOf(object)
      .map((cid) => cid && (form === 'short' ? shortenCid(cid) : cid.toString()))
      .join(' ')
}

const OBJECT_FIELDS: Readonly<Record<string, ObjectField>> = {
  objectname: cidField(({ cid }) => [cid]),
  objecttype: () => (object) => object.type,
  tree: cidField(({ commit }) => [commit?.tree]),
  parent: cidField(({ commit }) => commit?.parents ?? []),
  object: cidField(({ tag }) => [tag?.object]),
  type:
    () =>
    ({ tag }) =>
      tag?.objectType ?? '',
  tag:
    () =>
    ({ tag }) =>
      tag?.name ?? '',
  subject: () => (object) => messageParts(messageOf(object)).subject,
  body: () => (object) => messageParts(messageOf(object)).body,
  contents: (form) => (object) => {
    const message = messageOf(object)
    if (form === 'subject') return messageParts(message).subject
    return form === 'body' ? messageParts(message).body : message
  },
  ...Object.fromEntries(Object.entries(PERSONS).flatMap(([name, person]) => personFields(name, person))),
}

function personFields(name: string, person: (object: NamedObject) => Person | undefined): [string, ObjectField][] {
  const field = (read: (each: Person) => string): ObjectField => {
    return () => (object) => {
      const found = person(object)
      return found === undefined ? '' : read(found)
    }
  }
  const dateField: ObjectField = (form) => {
    const style: DateStyle = form === undefined ? 'default' : readDateStyle(form)
    return (object, { now }) => {
      const found = person(object)
      return found === undefined ? '' : renderDate(found.date, style, now)
    }
  }
  return [
    [name, field((each) => `${formatIdentity(each)} ${renderDate(each.date, 'raw', new Date(0))}`)],
    [`${name}name`, field((each) => each.name)],
    [`${name}email`, field((each) => `<${each.email}>`)],
    [`${name}date`, dateField],
  ]
}

function noSuchField(text: string): InvalidError {
  return new InvalidError('usage', `there is no field %(${text})`, {
    hint: `there are refname, HEAD, upstream, push, ${Object.keys(OBJECT_FIELDS).join(', ')}`,
  })
}
