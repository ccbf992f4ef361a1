import * as dagJson from '@ipld/dag-json'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'

import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { decodeTag, encodeTag, type Tag } from '../../../src/model/commit/tag.ts'
import { IntegrityError } from '../../../src/model/errors.ts'

const ada = { name: 'Ada', email: 'ada@example.org', date: '2026-01-02T03:04:05+01:00' }
const tree = CID.parse('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
const commit = encodeCommit({ tree, parents: [], author: ada, committer: ada, message: 'first\n' })
const object = CID.parse(commit.cid.toString())
const tag: Tag = { object, objectType: 'commit', name: 'v1.0', tagger: ada, message: 'first release\n' }
const tagText =
  '{"message":"first release\\n","name":"v1.0",' +
  `"object":{"/":"${object.toString()}"},"objectType":"commit",` +
  '"tagger":{"date":"2026-01-02T03:04:05+01:00","email":"ada@example.org","name":"Ada"},"type":"jzfs/tag/1"}'

test('golden vector', () => {
  const { cid, bytes } = encodeTag(tag)
  expect(Buffer.from(bytes).toString()).toBe(tagText)
  expect(cid.toString()).toBe('baguqeerarhxawihinenfnaj2j7h5zgkcyhskqbmivf32inaqpiwwtdknri7a')
})

test('what is written is read back, and its bytes are those of @ipld/dag-json', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed() && !value.includes('\0'))
  const object = fc.constantFrom<Pick<Tag, 'object' | 'objectType'>>(
    { object: tag.object, objectType: 'commit' },
    { object: tag.object, objectType: 'tag' },
    { object: tree, objectType: 'tree' },
    { object: tree, objectType: 'file' },
    { object: CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'), objectType: 'file' },
  )
  fc.assert(
    fc.property(object, text, (named, message) => {
      const value = { ...tag, ...named, message }
      const { cid, bytes } = encodeTag(value)
      expect(decodeTag(cid, bytes)).toEqual(value)
      expect(Buffer.from(bytes).equals(dagJson.encode({ ...value, type: 'jzfs/tag/1' }))).toBe(true)
    }),
  )
})

function refusal(json: string): IntegrityError {
  const bytes = Buffer.from(json)
  try {
    decodeTag(cidOf(DAG_JSON, bytes), bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(IntegrityError)
    return error as IntegrityError
  }
  throw new Error(`Accepted: ${json}`)
}

describe('strict decoding', () => {
  test.each([
    ['an unknown field', tagText.replace('"name"', '"namd":"","name"'), 'namd'],
    ['a missing field', tagText.replace('"name":"v1.0",', ''), 'name'],
    ['another type of object', tagText.replace('"objectType":"commit"', '"objectType":"branch"'), 'objectType'],
    ['a type from the prototype', tagText.replace('"objectType":"commit"', '"objectType":"toString"'), 'objectType'],
    ['a type that the object cannot have', tagText.replace('"objectType":"commit"', '"objectType":"tree"'), 'object'],
    ['a name that no ref can have', tagText.replace('v1.0', 'v1..0'), 'name'],
    ['a name that is an option', tagText.replace('v1.0', '-d'), 'name'],
    ['a name that leaves refs/tags', tagText.replace('v1.0', '../heads/main'), 'name'],
    ['a tagger that is text', tagText.replace(/"tagger":\{[^}]*\}/, '"tagger":"Ada"'), 'tagger'],
    ['a NUL in the message', tagText.replace('first', '\\u0000'), 'message'],
    ['white space', tagText.replace(',"name"', ', "name"'), ''],
  ])('invalid: %s', (_, json, field) => {
    expect(json).not.toBe(tagText)
    const error = refusal(json)
    expect({ code: error.code, field: error.details['field'] }).toEqual({ code: 'tag-invalid', field })
  })

  test('a commit is not a tag', () => {
    const error = refusal(Buffer.from(commit.bytes).toString())
    expect(error.code).toBe('not-a-tag')
    expect(error.message).toContain('is a commit, not a tag')
  })
})

test('what the format does not allow is not written', () => {
  expect(() => encodeTag({ ...tag, name: 'a b' })).toThrow(expect.objectContaining({ code: 'tag-field-invalid' }))
  expect(() => encodeTag({ ...tag, objectType: 'tree' })).toThrow(
    expect.objectContaining({ code: 'tag-field-invalid' }),
  )
})
