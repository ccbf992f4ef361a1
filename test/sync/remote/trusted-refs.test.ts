import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'

import { beforeEach, describe, expect, test } from 'vitest'

import { cidOf, DAG_JSON, sha256 } from '../../../src/model/cid.ts'
import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import { type Ed25519Key, generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { signHeadStatement } from '../../../src/sync/names/head-statement.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { type KnownNames, openKnownNames } from '../../../src/sync/names/known-names.ts'
import { trustRefs } from '../../../src/sync/remote/trusted-refs.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const PRIVATE = 'refs/heads/private'

const someCommit = () => cidOf(DAG_JSON, sha256(randomFillSync(new Uint8Array(8))))
const main = someCommit()

let names: KnownNames
let repository: Ed25519Key
let branch: Ed25519Key

beforeEach(() => {
  names = openKnownNames(join(temporaryFolder(), 'names'))
  repository = generateEd25519Key()
  branch = generateEd25519Key()
})

async function recordOf(key: Ed25519Key, cid: ReturnType<typeof someCommit>, sequence = 0n): Promise<Uint8Array> {
  return (await createRecord({ privateKey: key.protobuf, cid, sequence, now: NOW })).bytes
}

async function answer() {
  const block = encodeManifest({ name: 'data', description: '', branches: [{ name: 'main', head: main }], tags: [] })
  const record = await recordOf(repository, block.cid)
  return { repository: 'data', name: repository.name, record, manifest: block, heads: [], writable: false }
}

/** A head beside the manifest, as an honest node gives it, but for what is said otherwise. */
async function head(signer: Ed25519Key, cid = someCommit(), ref = PRIVATE) {
  const { name } = branch
  const statement = await signHeadStatement(signer.protobuf, { repository: repository.name, ref, name })
  return { cid, head: { ref, name, record: await recordOf(branch, cid), statement } }
}

const trust = (listed: Parameters<typeof trustRefs>[1]) => trustRefs('peer X', listed, { names, now: NOW })

describe('refs that a peer listed', () => {
  test('are those of the manifest, and the branches beside it that the repository has signed', async () => {
    const { cid, head: own } = await head(repository)
    const { refs } = await trust({ ...(await answer()), heads: [own] })
    expect(refs.map((ref) => [ref.name, ref.cid.toString()])).toEqual([
      ['refs/heads/main', main.toString()],
      [PRIVATE, cid.toString()],
    ])
  })

  test('are refused where a branch beside it is somebody else’s, whatever it is called, and nothing of it is kept', async () => {
    const { head: theirs } = await head(generateEd25519Key())
    const refused = { code: 'head-not-signed', details: { peer: 'peer X', ref: PRIVATE } }
    await expect(trust({ ...(await answer()), heads: [theirs] })).rejects.toMatchObject(refused)
    const { head: own } = await head(repository)
    const moved = { ...own, ref: 'refs/heads/main' }
    await expect(trust({ ...(await answer()), heads: [moved] })).rejects.toMatchObject({ code: 'head-not-signed' })
    expect(await names.seen(branch.name)).toBeUndefined()
  })

  test.for(['refs/tags/private', 'refs/heads/../main', 'HEAD'])(
    'are refused where %s is signed as a branch',
    async (ref) => {
      const { head: odd } = await head(repository, someCommit(), ref)
      await expect(trust({ ...(await answer()), heads: [odd] })).rejects.toMatchObject({ code: 'head-not-signed' })
    },
  )

  test('are refused without a signature, with another manifest, and by another name than is trusted', async () => {
    const listed = await answer()
    await expect(trust({ ...listed, name: undefined, record: undefined })).rejects.toMatchObject({
      code: 'remote-unsigned',
    })
    const other = encodeManifest({ name: 'data', description: 'other', branches: [], tags: [] })
    await expect(trust({ ...listed, manifest: other })).rejects.toMatchObject({ code: 'manifest-not-signed' })
    const trustedName = branch.name
    await expect(trustRefs('peer X', listed, { names, now: NOW, trustedName })).rejects.toMatchObject({
      code: 'remote-name-changed',
      details: { trusted: trustedName, name: repository.name },
    })
  })

  test('go back on no account', async () => {
    const listed = await answer()
    const newer = await recordOf(repository, listed.manifest.cid, 4n)
    await trust({ ...listed, record: newer })
    await expect(trust(listed)).rejects.toMatchObject({ code: 'record-older-than-seen' })
  })
})
