import * as dagJson from '@ipld/dag-json'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'

import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { compareNames } from '../../../src/model/compare.ts'
import { IntegrityError } from '../../../src/model/errors.ts'
import { decodeManifest, encodeManifest, type Manifest } from '../../../src/model/manifest/manifest.ts'
import { branchNameProblem, tagNameProblem } from '../../../src/model/ref-name.ts'

const ada = { name: 'Ada', email: 'ada@example.org', date: '2026-01-02T03:04:05+01:00' }
const tree = CID.parse('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
const commit = encodeCommit({ tree, parents: [], author: ada, committer: ada, message: 'first\n' })
const head = CID.parse(commit.cid.toString())
const ipns = 'k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r'
const manifest: Manifest = {
  name: 'birds',
  description: 'what was seen',
  defaultBranch: 'main',
  branches: [
    { name: 'main', head, ipns },
    { name: 'wip/songs', head },
  ],
  tags: [{ name: 'v1', target: head }],
}
const link = `{"/":"${head.toString()}"}`
const manifestText =
  `{"branches":[{"head":${link},"ipns":"${ipns}","name":"main"},{"head":${link},"name":"wip/songs"}],` +
  `"defaultBranch":"main","description":"what was seen","name":"birds",` +
  `"tags":[{"name":"v1","target":${link}}],"type":"jzfs/manifest/1"}`

test('golden vectors', () => {
  const { cid, bytes } = encodeManifest(manifest)
  expect(Buffer.from(bytes).toString()).toBe(manifestText)
  expect(cid.toString()).toBe('baguqeerapthdqfix7bnkzsijfremm6ye6zbk5vex4or3afrivk2e3rskjmkq')
  const empty = encodeManifest({ name: 'birds', description: '', branches: [], tags: [] })
  expect(Buffer.from(empty.bytes).toString()).toBe(
    '{"branches":[],"description":"","name":"birds","tags":[],"type":"jzfs/manifest/1"}',
  )
  expect(empty.cid.toString()).toBe('baguqeera6tirlppa7avk6um6t7fuojn6k6qewpialhm2erhuhmibnwbwd74q')
})

const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed() && !value.includes('\0'))
const sorted = (problem: (name: string) => string | undefined) =>
  fc
    .uniqueArray(
      text.filter((name) => problem(name) === undefined),
      { maxLength: 5 },
    )
    .map((names) => names.toSorted(compareNames))

test('what is written is read back, and its bytes are those of @ipld/dag-json', () => {
  fc.assert(
    fc.property(
      sorted(branchNameProblem),
      sorted(tagNameProblem),
      text,
      fc.boolean(),
      (branches, tags, description, more) => {
        const value: Manifest = {
          name: 'birds',
          description,
          ...(more && { defaultBranch: 'main' }),
          branches: branches.map((name, index) => ({ name, head, ...(index % 2 === 0 && { ipns }) })),
          tags: tags.map((name, index) => ({ name, target: index % 2 === 0 ? tree : head })),
        }
        const { cid, bytes } = encodeManifest(value)
        expect(decodeManifest(cid, bytes)).toEqual(value)
        expect(Buffer.from(bytes).equals(dagJson.encode({ ...value, type: 'jzfs/manifest/1' }))).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})

function refusal(json: string): IntegrityError {
  const bytes = Buffer.from(json)
  try {
    decodeManifest(cidOf(DAG_JSON, bytes), bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(IntegrityError)
    return error as IntegrityError
  }
  throw new Error(`Accepted: ${json}`)
}

describe('strict decoding', () => {
  test.each([
    ['an unknown field', manifestText.replace('"tags"', '"stars":"5","tags"'), 'stars'],
    ['a missing field', manifestText.replace('"name":"birds",', ''), 'name'],
    ['a name with a slash', manifestText.replace('"birds"', '"a/b"'), 'name'],
    ['a name that is a folder', manifestText.replace('"birds"', '".."'), 'name'],
    ['a NUL in the description', manifestText.replace('what', '\\u0000'), 'description'],
    ['a default branch that cannot be one', manifestText.replace('Branch":"main"', 'Branch":"HEAD"'), 'defaultBranch'],
    ['a default branch of null', manifestText.replace('Branch":"main"', 'Branch":null'), 'defaultBranch'],
    ['branches that are no list', manifestText.replace(/"branches":\[.*?\]/, '"branches":"main"'), 'branches'],
    ['a branch that is a text', manifestText.replace(/"branches":\[\{.*?\},\{/, '"branches":["main",{'), 'branches[0]'],
    ['a branch out of order', manifestText.replace('wip/songs', 'a'), 'branches[1]'],
    ['a branch twice', manifestText.replace('wip/songs', 'main'), 'branches[1]'],
    ['a branch name that leaves refs/heads', manifestText.replace('wip/songs', 'wip/../x'), 'branches[1].name'],
    ['a head that is a tree', manifestText.replace(link, `{"/":"${tree.toString()}"}`), 'branches[0].head'],
    ['an IPNS name that is none', manifestText.replace(ipns, 'K51'), 'branches[0].ipns'],
    ['a tag that is an option', manifestText.replace('"v1"', '"-d"'), 'tags[0].name'],
    ['a tag without a target', manifestText.replace(`,"target":${link}`, ''), 'tags[0].target'],
    ['white space', manifestText.replace(',"tags"', ', "tags"'), ''],
  ])('invalid: %s', (_, json, field) => {
    expect(json).not.toBe(manifestText)
    const error = refusal(json)
    expect({ code: error.code, field: error.details['field'] }).toEqual({ code: 'manifest-invalid', field })
  })

  test('a commit is no manifest', () => {
    const error = refusal(Buffer.from(commit.bytes).toString())
    expect(error.code).toBe('not-a-manifest')
    expect(error.message).toContain('is a commit, not a manifest')
  })
})

test('what the format does not allow is not written', () => {
  const refused = { code: 'manifest-field-invalid' }
  const unsorted = manifest.branches.toReversed()
  expect(() => encodeManifest({ ...manifest, branches: unsorted })).toThrow(expect.objectContaining(refused))
  expect(() => encodeManifest({ ...manifest, description: 'x'.repeat(65_537) })).toThrow(
    expect.objectContaining(refused),
  )
  const branches = Array.from({ length: 12_000 }, (_, index) => ({ name: `b${String(index).padStart(5, '0')}`, head }))
  expect(() => encodeManifest({ ...manifest, branches })).toThrow(
    expect.objectContaining({ ...refused, details: { field: 'branches' } }),
  )
})
