import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { type BundleRoot, decodeBundleRoot, encodeBundleRoot } from '../../../src/model/bundle/bundle-root.ts'
import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'

const commit = CID.parse('baguqeeraol3jw5yjtkbefyrmtb46t27famon7wp57azoj4ujomyw2uagl24a')
const tree = CID.parse('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
const root: BundleRoot = {
  head: 'refs/heads/main',
  heads: [
    { ref: 'refs/heads/main', cid: commit },
    { ref: 'refs/tags/data', cid: tree },
  ],
  prerequisites: [commit],
}
const text =
  `{"head":"refs/heads/main","heads":[{"cid":{"/":"${commit.toString()}"},"ref":"refs/heads/main"},` +
  `{"cid":{"/":"${tree.toString()}"},"ref":"refs/tags/data"}],"prerequisites":["${commit.toString()}"],"type":"jzfs/bundle/1"}`

function refusal(json: string): unknown {
  const bytes = Buffer.from(json)
  try {
    return decodeBundleRoot(cidOf(DAG_JSON, bytes), bytes)
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the root of a bundle', () => {
  it('has these bytes, and is read back', () => {
    const { cid, bytes } = encodeBundleRoot(root)
    expect(Buffer.from(bytes).toString()).toBe(text)
    expect(decodeBundleRoot(cid, bytes)).toEqual(root)
  })

  it.each([
    ['another type', text.replace('bundle/1', 'bundle/2'), 'not-a-bundle'],
    ['no JSON', 'x', 'not-a-bundle'],
    ['a field too many', text.replace('"head":', '"a":"","head":'), 'bundle-invalid'],
    ['white space', text.replace(',', ', '), 'bundle-invalid'],
    ['no head', '{"heads":[],"prerequisites":[],"type":"jzfs/bundle/1"}', 'bundle-invalid'],
    ['a ref of another kind', text.replace('refs/tags/data', 'refs/pins/data'), 'bundle-invalid'],
    ['a ref that cannot be', text.replace('refs/tags/data', 'refs/tags/..'), 'bundle-invalid'],
    ['a branch of no commit', text.replace('refs/tags/data', 'refs/heads/n'), 'bundle-invalid'],
    ['heads out of order', text.replace('refs/tags/data', 'refs/heads/a'), 'bundle-invalid'],
    ['a HEAD that is not in it', text.replace('"head":"refs/heads/main"', '"head":"refs/heads/x"'), 'bundle-invalid'],
    ['a prerequisite that is none', text.replace(`["${commit.toString()}"]`, '["x"]'), 'bundle-invalid'],
  ])('is refused with %s', (_what, json, code) => {
    expect(refusal(json)).toBe(code)
  })
})
