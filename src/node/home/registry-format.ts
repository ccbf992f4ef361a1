import { isAbsolute } from 'node:path'

import { CID } from 'multiformats/cid'

import { IntegrityError, InvalidError } from '../../model/errors.ts'
import { checkRefName } from '../../model/ref-name.ts'
import { peerIdOfName } from './ed25519-key.ts'
import type {
  Audience,
  NamedKey,
  PublishedHead,
  PublishedRef,
  PublishedTag,
  RegisteredRepository,
} from './repository-registry.ts'

/**
 * Version of the file's format. A reader refuses a newer one. Format 1 had no manifests, tags, writers and CIDs of heads;
 * it is read as one without them.
 */
const FORMAT = 2

/** The text of `repositories.json`. */
export function formatRegistry(repositories: RegisteredRepository[]): string {
  return `${JSON.stringify({ format: FORMAT, repositories }, undefined, 2)}\n`
}

/**
 * Reads the text of `repositories.json`, strictly: what is missing, of another kind, unknown or there twice is an error.
 * Throws IntegrityError `repositories-corrupt` (details: `path`, `field`) and InvalidError `home-format-newer`.
 */
export function parseRegistry(text: string | undefined, path: string): RegisteredRepository[] {
  if (text === undefined) return []
  try {
    const value = parseJson(text)
    refuseNewer(value, path)
    const file = record(value, 'file', ['format', 'repositories'])
    if (file['format'] !== 1 && file['format'] !== FORMAT) throw new FieldError('format')
    const repositories = list(file['repositories'], 'repositories').map(parseRepository)
    refuseTwice(repositories, 'id', ({ id }) => id)
    refuseTwice(repositories, 'name', ({ name }) => name)
    return repositories
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    throw new IntegrityError(
      'repositories-corrupt',
      `the list of repositories is damaged at "${error.field}": ${path}`,
      {
        hint: 'put the file back from a backup, or remove it and publish again (keys and names are kept)',
        details: { path, field: error.field },
      },
    )
  }
}

/** What is wrong with the file: the name of the field. Never leaves this module. */
class FieldError extends Error {
  readonly field: string
  constructor(field: string) {
    super(field)
    this.field = field
  }
}

function parseRepository(value: unknown): RegisteredRepository {
  const fields = record(value, 'repository', REPOSITORY_FIELDS)
  const path = text(fields['path'], 'path')
  if (!isAbsolute(path)) throw new FieldError('path')
  const heads = list(fields['heads'], 'heads').map(parseHead)
  refuseTwice(heads, 'ref', ({ ref }) => ref)
  const repository = { id: text(fields['id'], 'id'), path, name: text(fields['name'], 'name'), heads }
  return { ...repository, ...parseMore(fields) }
}

const OPTIONAL_FIELDS = ['manifest', 'description', 'tags', 'writers', 'publishesPushed']
const REPOSITORY_FIELDS = ['id', 'path', 'name', 'heads', ...OPTIONAL_FIELDS]

/** What need not be there. */
function parseMore(fields: Record<string, unknown>): Partial<RegisteredRepository> {
  const { manifest, description, tags, writers, publishesPushed } = fields
  const more: Partial<RegisteredRepository> = {}
  if (manifest !== undefined) more.manifest = parseKey(record(manifest, 'manifest', ['key', 'name']))
  if (description !== undefined) more.description = text(description, 'description')
  if (tags !== undefined) more.tags = list(tags, 'tags').map(parseTag)
  refuseTwice(more.tags ?? [], 'ref', ({ ref }) => ref)
  if (writers !== undefined) more.writers = list(writers, 'writers').map((peer) => text(peer, 'writers'))
  if (publishesPushed !== undefined) more.publishesPushed = parseAudience(publishesPushed)
  return more
}

function parseHead(value: unknown): PublishedHead {
  const fields = record(value, 'head', REF_FIELDS)
  return { ...parseRef(fields), ...parseKey(fields) }
}

function parseTag(value: unknown): PublishedTag {
  const fields = record(value, 'tags', REF_FIELDS)
  const tag = parseRef(fields)
  return fields['key'] === undefined ? tag : { ...tag, ...parseKey(fields) }
}

const REF_FIELDS = ['ref', 'key', 'name', 'audience', 'cid', 'follows']

function parseRef(fields: Record<string, unknown>): PublishedRef {
  const ref = text(fields['ref'], 'ref')
  try {
    checkRefName(ref)
  } catch {
    throw new FieldError('ref')
  }
  const parsed: PublishedRef = { ref, audience: parseAudience(fields['audience']) }
  if (fields['cid'] !== undefined) parsed.cid = parseCid(fields['cid'])
  if (fields['follows'] === true) parsed.follows = true
  else if (fields['follows'] !== undefined) throw new FieldError('follows')
  return parsed
}

function parseKey(fields: Record<string, unknown>): NamedKey {
  const name = text(fields['name'], 'name')
  if (peerIdOfName(name) === undefined) throw new FieldError('name')
  return { key: text(fields['key'], 'key'), name }
}

function parseCid(value: unknown): string {
  try {
    return CID.parse(text(value, 'cid')).toString()
  } catch {
    throw new FieldError('cid')
  }
}

function parseAudience(value: unknown): Audience {
  if (value === 'public') return value
  return { peers: list(record(value, 'audience', ['peers'])['peers'], 'peers').map((peer) => text(peer, 'peers')) }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new FieldError('file')
  }
}

function record(value: unknown, field: string, keys: string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FieldError(field)
  const unknown = Object.keys(value).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw new FieldError(unknown)
  return value as Record<string, unknown>
}

function list(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value)) throw new FieldError(field)
  return value
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new FieldError(field)
  return value
}

function refuseTwice<T>(items: T[], field: string, keyOf: (item: T) => string): void {
  if (new Set(items.map(keyOf)).size !== items.length) throw new FieldError(field)
}

/** Before anything else: a newer format may have any shape. */
function refuseNewer(value: unknown, path: string): void {
  const format: unknown = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (typeof format !== 'number' || format <= FORMAT) return
  throw new InvalidError(
    'home-format-newer',
    `the node home has format ${format}, this jzfs knows ${FORMAT}: ${path}`,
    {
      hint: 'upgrade jzfs',
      details: { path, format, known: FORMAT },
    },
  )
}
