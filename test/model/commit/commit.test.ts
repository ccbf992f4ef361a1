import * as dagJson from '@ipld/dag-json'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'

import { cidOf, DAG_JSON, DAG_PB, RAW } from '../../../src/model/cid.ts'
import { type Commit, decodeCommit, encodeCommit } from '../../../src/model/commit/commit.ts'
import { nodeType } from '../../../src/model/commit/dag-json-node.ts'
import { dateOf } from '../../../src/model/commit/date.ts'
import type { Person } from '../../../src/model/commit/person.ts'
import { encodeTag } from '../../../src/model/commit/tag.ts'
import { IntegrityError, InvalidError } from '../../../src/model/errors.ts'

const ada: Person = { name: 'Ada', email: 'ada@example.org', date: '2026-01-02T03:04:05+01:00' }
const bob: Person = { name: 'Bób "B" O’\\x', email: 'b@x', date: '1999-12-31T23:59:59-11:30' }
const EMPTY_TREE = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
const tree = CID.parse(EMPTY_TREE)

const first: Commit = { tree, parents: [], author: ada, committer: ada, message: 'first\n' }
const firstText =
  '{"author":{"date":"2026-01-02T03:04:05+01:00","email":"ada@example.org","name":"Ada"},' +
  '"committer":{"date":"2026-01-02T03:04:05+01:00","email":"ada@example.org","name":"Ada"},' +
  `"message":"first\\n","parents":[],"tree":{"/":"${EMPTY_TREE}"},"type":"jzfs/commit/1"}`
const FIRST = 'baguqeerawp2uw4hayurjebckbxloswaepjjw6sxwimv4fwslxbiszflo5t3a'

function block(text: string) {
  const bytes = Buffer.from(text)
  return { cid: cidOf(DAG_JSON, bytes), bytes }
}

function decodeText(text: string): Commit {
  const { cid, bytes } = block(text)
  return decodeCommit(cid, bytes)
}

/** The error of decoding `text`; fails where there is none. */
function refusal(text: string): IntegrityError {
  try {
    decodeText(text)
  } catch (error) {
    expect(error).toBeInstanceOf(IntegrityError)
    return error as IntegrityError
  }
  throw new Error(`Accepted: ${text}`)
}

describe('golden vectors', () => {
  test('a root commit', () => {
    const { cid, bytes } = encodeCommit(first)
    expect(Buffer.from(bytes).toString()).toBe(firstText)
    expect(cid.toString()).toBe(FIRST)
  })

  test('a merge with run, signature and text beyond ASCII', () => {
    const other = encodeCommit({ ...first, message: '' }).cid
    const { cid, bytes } = encodeCommit({
      tree,
      parents: [other, CID.parse(FIRST)],
      author: bob,
      committer: ada,
      message: 'mérge \u2028 \u007f \u0001 \t "quoted" </script> 🐟\r\n',
      run: CID.parse(FIRST),
      signature: { key: 'k51qzi5uqu5dh', value: Uint8Array.of(0, 1, 2, 253, 254, 255, 62) },
    })
    expect(Buffer.from(bytes).toString()).toContain('"value":{"/":{"bytes":"AAEC/f7/Pg"}}')
    expect(other.toString()).toBe('baguqeerayqkldgvgfgsgpadet2d4pb34h5pdtk7aa2vqfn3jiodh7k5zb3la')
    expect(cid.toString()).toBe('baguqeerakkwmrikujktjriv52rrvwolwevwvcozpjaeoiurdxnjqr4e2im4q')
  })
})

const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed() && !value.includes('\0'))
const name = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('a', 'é', '🐟', ' ', '"', '\\', '/', '\u2028'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 20,
  })
  // oxlint-disable-next-line no-control-regex
  .filter((value) => value.isWellFormed() && !/[<>\u0000-\u001f\u007f]/.test(value))
const date = fc
  .tuple(
    fc.date({ min: new Date('0001-01-01'), max: new Date('9998-01-01'), noInvalidDate: true }),
    fc.integer({ min: -1439, max: 1439 }),
  )
  .map(([moment, offset]) => dateOf(moment, offset))
const person = fc.record({ name, email: name, date })
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Digest.create(0x12, bytes))
const node = digest.map((value) => CID.createV1(DAG_JSON, value))
const directory = fc.oneof(
  digest.map((value) => CID.createV1(DAG_PB, value)),
  digest.map((value) => CID.createV0(value)),
)
const signature = fc.record({
  key: fc
    .string({ unit: fc.constantFrom('0', '9', 'a', 'k', 'z'), minLength: 1, maxLength: 60 })
    .map((value) => `k${value}`),
  value: fc.uint8Array({ minLength: 1, maxLength: 100 }),
})
const commit = fc.record(
  {
    tree: directory,
    parents: fc.uniqueArray(node, { maxLength: 4, selector: (cid) => cid.toString() }),
    author: person,
    committer: person,
    message: text,
    run: node,
    signature,
  },
  { requiredKeys: ['tree', 'parents', 'author', 'committer', 'message'] },
)

/** The value that @ipld/dag-json writes for a commit. */
function libraryValue(value: Commit) {
  return { type: 'jzfs/commit/1', ...value }
}

describe('properties', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(commit, (value) => {
        const { cid, bytes } = encodeCommit(value)
        const read = decodeCommit(cid, bytes)
        expect({ ...read, signature: undefined }).toEqual({ ...value, signature: undefined })
        expect(read.signature?.key).toBe(value.signature?.key)
        expect(Buffer.from(read.signature?.value ?? [])).toEqual(Buffer.from(value.signature?.value ?? []))
      }),
    )
  })

  test('the bytes are those of @ipld/dag-json, which reads them back', () => {
    fc.assert(
      fc.property(commit, (value) => {
        const { cid, bytes } = encodeCommit(value)
        expect(Buffer.from(bytes).equals(dagJson.encode(libraryValue(value)))).toBe(true)
        expect(cid.equals(cidOf(DAG_JSON, dagJson.encode(dagJson.decode(bytes))))).toBe(true)
        expect(nodeType(cid, bytes)).toBe('jzfs/commit/1')
      }),
    )
  })

  test('no other bytes are accepted: one byte changed gives an error of ours or another commit of the same bytes', () => {
    const { cid, bytes } = encodeCommit({ ...first, parents: [CID.parse(FIRST)], author: bob })
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] as number) ^ xor
        try {
          expect(Buffer.from(encodeCommit(decodeCommit(cid, changed)).bytes).equals(changed)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(IntegrityError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('strict decoding', () => {
  test.each([
    ['another type', firstText.replace('commit/1"}', 'tag/1"}'), 'an annotated tag'],
    ['a newer format', firstText.replace('commit/1"}', 'commit/2"}'), 'unknown type "jzfs/commit/2"'],
    ['no type', '{}', 'without a type'],
    ['a list', '[]', 'without a type'],
    ['null', 'null', 'without a type'],
    ['no JSON', '{"type":', 'no valid JSON'],
    ['deep nesting', '['.repeat(500_000), 'no valid JSON'],
    ['nothing', '', 'no valid JSON'],
  ])('not a commit: %s', (_, json, message) => {
    const error = refusal(json)
    expect(error.code).toBe('not-a-commit')
    expect(error.message).toContain(message)
    expect(error.message).toContain(block(json).cid.toString())
  })

  test.each([
    ['a raw block', RAW, 'a raw block'],
    ['a dag-pb block', DAG_PB, 'a dag-pb block'],
    ['dag-cbor', 0x71, 'codec 0x71'],
  ])('not a commit: %s', (_, codec, message) => {
    const bytes = Buffer.from(firstText)
    expect(() => decodeCommit(cidOf(codec, bytes), bytes)).toThrow(message)
  })

  test('a tag is not a commit', () => {
    const tag = encodeTag({ object: CID.parse(FIRST), objectType: 'commit', name: 'v1', tagger: ada, message: '' })
    expect(() => decodeCommit(tag.cid, tag.bytes)).toThrow(expect.objectContaining({ code: 'not-a-commit' }))
  })

  const withParents = (parents: string) => firstText.replace('"parents":[]', `"parents":[${parents}]`)
  const link = `{"/":"${FIRST}"}`
  test.each<[string, string, string]>([
    ['an unknown field', firstText.replace('"message"', '"mess":"","message"'), 'mess'],
    ['a missing field', firstText.replace('"message":"first\\n",', ''), 'message'],
    ['a missing tree', firstText.replace(`"tree":{"/":"${EMPTY_TREE}"},`, ''), 'tree'],
    ['an unknown field of a person', firstText.replace('"name":"Ada"', '"name":"Ada","x":"1"'), 'author.x'],
    ['a missing field of a person', firstText.replace('"name":"Ada"}', '"nom":"Ada"}'), 'author.nom'],
    ['__proto__', firstText.replace('"message"', '"__proto__":{},"message"'), '__proto__'],
    ['a number for a message', firstText.replace('"first\\n"', '1'), 'message'],
    ['null for a message', firstText.replace('"first\\n"', 'null'), 'message'],
    ['a person that is text', firstText.replace(/"author":\{[^}]*\}/, '"author":"Ada"'), 'author'],
    ['parents that are a map', firstText.replace('[]', '{}'), 'parents'],
    ['a parent that is text', withParents(`"${FIRST}"`), 'parents[0]'],
    ['a parent of another codec', withParents(`{"/":"${EMPTY_TREE}"}`), 'parents[0]'],
    ['a parent twice', withParents(`${link},${link}`), 'parents[1]'],
    [
      'too many parents',
      withParents(
        Array.from(
          { length: 257 },
          (_, at) => `{"/":"${cidOf(DAG_JSON, Buffer.from([at, at >> 8])).toString()}"}`,
        ).join(','),
      ),
      'parents',
    ],
    ['a tree of another codec', firstText.replace(EMPTY_TREE, FIRST), 'tree'],
    [
      'a tree by another hash',
      firstText.replace(EMPTY_TREE, CID.createV1(DAG_PB, Digest.create(0x1e, new Uint8Array(32))).toString()),
      'tree',
    ],
    [
      'a tree by a digest cut short',
      firstText.replace(EMPTY_TREE, CID.createV1(DAG_PB, Digest.create(0x12, new Uint8Array(20))).toString()),
      'tree',
    ],
    ['a tree that is no CID', firstText.replace(EMPTY_TREE, 'main'), 'tree'],
    ['a tree with a very long CID', firstText.replace(EMPTY_TREE, `b${'a'.repeat(500_000)}`), 'tree'],
    ['a tree of bytes', firstText.replace(`"${EMPTY_TREE}"`, '{"bytes":"AAEC"}'), 'tree'],
    ['a link with more beside', firstText.replace(`"${EMPTY_TREE}"`, `"${EMPTY_TREE}","x":"y"`), 'tree.x'],
    ['a date without offset', firstText.replace('05+01:00', '05Z'), 'author.date'],
    ['a day that does not exist', firstText.replace('2026-01-02', '2026-02-29'), 'author.date'],
    ['an empty name', firstText.replace('"name":"Ada"', '"name":""'), 'author.name'],
    ['a bracket in a name', firstText.replace('"name":"Ada"', '"name":"A<b>"'), 'author.name'],
    ['a newline in an email', firstText.replace('ada@', 'ada\\n@'), 'author.email'],
    ['a NUL in the message', firstText.replace('first', 'fir\\u0000st'), 'message'],
    ['half a surrogate pair', firstText.replace('first', 'fir\\ud800st'), 'message'],
    ['a signature without value', firstText.replace('"tree"', '"signature":{"key":"k1"},"tree"'), 'signature.value'],
    [
      'an empty signature',
      firstText.replace('"tree"', '"signature":{"key":"k1","value":{"/":{"bytes":""}}},"tree"'),
      'signature.value',
    ],
    [
      'a signer that is no key',
      firstText.replace('"tree"', '"signature":{"key":"Ada","value":{"/":{"bytes":"AA"}}},"tree"'),
      'signature.key',
    ],
    ['a run that is text', firstText.replace('"tree"', '"run":"x","tree"'), 'run'],
    ['a run that is null', firstText.replace('"tree"', '"run":null,"tree"'), 'run'],
    ['more than 1 MiB', firstText.replace('first', 'x'.repeat(1_048_577)), ''],
  ])('invalid: %s', (_, json, field) => {
    expect(json).not.toBe(firstText)
    const error = refusal(json)
    expect({ code: error.code, field: error.details['field'] }).toEqual({ code: 'commit-invalid', field })
    expect(error.message).toContain(block(json).cid.toString())
    expect(error.hint).not.toBe('')
  })

  test.each([
    ['white space', firstText.replace(',"message"', ', "message"')],
    ['a final newline', `${firstText}\n`],
    ['a byte-order mark', `\ufeff${firstText}`],
    ['keys in another order', firstText.replace(/"date":("[^"]*"),"email":("[^"]*")/, '"email":$2,"date":$1')],
    ['a key twice', firstText.replace('"message"', '"message":"x","message"')],
    ['an escape that is not needed', firstText.replace('first', '\\u0066irst')],
    ['an escaped slash', firstText.replace('"first', '"\\/first')],
    ['capital hex digits', firstText.replace('first', 'fir\\u001Fst')],
    ['a CID in another base', firstText.replace(EMPTY_TREE, tree.toV0().toString().replace(/^/, 'z'))],
    [
      'base64 with padding',
      firstText.replace('"tree"', '"signature":{"key":"k1","value":{"/":{"bytes":"AA=="}}},"tree"'),
    ],
    [
      'base64 with loose bits',
      firstText.replace('"tree"', '"signature":{"key":"k1","value":{"/":{"bytes":"AB"}}},"tree"'),
    ],
    ['base64url', firstText.replace('"tree"', '"signature":{"key":"k1","value":{"/":{"bytes":"-_-_"}}},"tree"')],
  ])('not canonical: %s', (_, json) => {
    expect(json).not.toBe(firstText)
    expect(['commit-invalid', 'not-a-commit']).toContain(refusal(json).code)
  })

  test('bytes that are not UTF-8', () => {
    const bytes = Buffer.from(firstText.replace('first', 'f\u00ffrst'), 'latin1')
    expect(() => decodeCommit(cidOf(DAG_JSON, bytes), bytes)).toThrow(
      expect.objectContaining({ code: 'commit-invalid' }),
    )
  })
})

describe('refused when written', () => {
  test.each<[string, Commit, string]>([
    ['half a surrogate pair in the message', { ...first, message: 'x\ud800' }, 'message'],
    ['half a surrogate pair in a name', { ...first, author: { ...ada, name: '\udc00' } }, 'author.name'],
    ['NUL in the message', { ...first, message: '\0' }, 'message'],
    ['a name too long', { ...first, committer: { ...ada, name: 'é'.repeat(513) } }, 'committer.name'],
    ['a date of another form', { ...first, author: { ...ada, date: '2026-01-02 03:04:05 +0100' } }, 'author.date'],
    ['a tree that is a commit', { ...first, tree: CID.parse(FIRST) }, 'tree'],
    ['escapes that make it over 1 MiB', { ...first, message: '\u0001'.repeat(300_000) }, 'message'],
  ])('%s', (_, value, field) => {
    const error = expect.objectContaining({ code: 'commit-field-invalid', details: { field } })
    expect(() => encodeCommit(value)).toThrow(InvalidError)
    expect(() => encodeCommit(value)).toThrow(error)
  })
})

describe('nodeType', () => {
  test('tells commits and tags from everything else', () => {
    const { cid, bytes } = encodeCommit(first)
    const tag = encodeTag({ object: cid, objectType: 'commit', name: 'v1', tagger: ada, message: '' })
    expect(nodeType(cid, bytes)).toBe('jzfs/commit/1')
    expect(nodeType(tag.cid, tag.bytes)).toBe('jzfs/tag/1')
    expect(nodeType(cidOf(RAW, bytes), bytes)).toBe(undefined)
    for (const json of ['{}', '{"a":"\\",\\"type\\":\\"jzfs/commit/1"}', '{"a":{"type":"jzfs/commit/1"}}', '']) {
      expect(nodeType(block(json).cid, block(json).bytes)).toBe(undefined)
    }
  })
})
