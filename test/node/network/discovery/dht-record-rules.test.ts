import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { generateEd25519Key } from '../../../../src/node/home/ed25519-key.ts'
import { selectRecord, validateRecord } from '../../../../src/node/network/discovery/dht-record-rules.ts'
import { ipnsRoutingKey } from '../../../../src/sync/names/ipns-name.ts'
import { createRecord } from '../../../../src/sync/names/ipns-record.ts'

const cid = CID.parse('bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
const [key, other] = [generateEd25519Key(), generateEd25519Key()]
const sign = (sequence: bigint, lifetimeMs: number) =>
  createRecord({ privateKey: key.protobuf, cid, sequence, lifetimeMs, now: new Date() })

describe('records of the DHT', () => {
  it('are valid where the key of their name signed them, and they live', async () => {
    const { bytes, name } = await sign(1n, 60_000)
    await expect(validateRecord(ipnsRoutingKey(name), bytes)).resolves.toBeUndefined()
    await expect(validateRecord(ipnsRoutingKey(other.name), bytes)).rejects.toMatchObject({ code: 'record-forged' })
    await expect(validateRecord(Buffer.from('/pk/x'), bytes)).rejects.toMatchObject({ code: 'record-invalid' })
    await expect(validateRecord(ipnsRoutingKey(name), bytes.subarray(9))).rejects.toMatchObject({
      code: 'record-invalid',
    })
    const dead = await sign(2n, -1000)
    await expect(validateRecord(ipnsRoutingKey(name), dead.bytes)).rejects.toMatchObject({ code: 'record-invalid' })
  })

  it('are newest by sequence, then by the end of life', async () => {
    const all = await Promise.all([sign(2n, 60_000), sign(3n, 60_000), sign(3n, 90_000), sign(1n, 900_000)])
    const records = all.map(({ bytes }) => bytes)
    expect(selectRecord(ipnsRoutingKey(key.name), records)).toBe(2)
  })
})
