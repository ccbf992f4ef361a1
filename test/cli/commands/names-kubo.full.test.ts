import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { inspectRecord } from '../../../src/sync/names/inspect-record.ts'
import { createKuboRepository, findKubo } from '../../support/kubo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere, type RanHere } from '../../support/run-here.ts'

const binary = findKubo()
const [one, two] = [
  'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
  'bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su',
]

async function side() {
  const folder = temporaryFolder()
  const env = { JZFS_HOME: join(folder, 'home') }
  const jzfs = (...args: string[]): Promise<RanHere> => runHere(folder, args, env, () => new Date())
  const kubo = await createKuboRepository(binary ?? '', join(folder, 'kubo'))
  const files = join(folder, 'files')
  mkdirSync(files)
  const ipfs = (...args: string[]): string => kubo.ipfs(args).toString().trim()
  return { folder, jzfs, kubo, ipfs, file: (name: string): string => join(files, name) }
}

describe.skipIf(binary === undefined)('beside Kubo', () => {
  it.each(['libp2p-protobuf-cleartext', 'pem-pkcs8-cleartext'])('keys go both ways: %s', async (format) => {
    const { jzfs, ipfs, file } = await side()
    const made = ipfs('key', 'gen', '--type=ed25519', 'theirs')
    ipfs('key', 'export', '-f', format, '-o', file('theirs'), 'theirs')
    expect((await jzfs('key', 'import', 'theirs', file('theirs'), '-f', format)).stdout.trim()).toBe(made)
    await jzfs('key', 'export', 'theirs', '-f', format, '-o', file('again'))
    expect(readFileSync(file('again'))).toEqual(readFileSync(file('theirs')))

    const ours = (await jzfs('key', 'gen', 'ours')).stdout.trim()
    await jzfs('key', 'export', 'ours', '-f', format, '-o', file('ours'))
    expect(ipfs('key', 'import', '-f', format, 'ours', file('ours'))).toBe(ours)

    ipfs('key', 'gen', '--type=rsa', '--size=2048', 'rsa')
    ipfs('key', 'export', '-f', format, '-o', file('rsa'), 'rsa')
    expect((await jzfs('key', 'import', 'rsa', file('rsa'))).stderr).toContain('this is a key of type RSA')
  })

  it('records go both ways, and are read alike', async () => {
    const { jzfs, kubo, ipfs, file } = await side()
    const daemon = await kubo.startDaemon()
    onTestFinished(() => daemon.stop())

    // Ours to Kubo.
    const name = (await jzfs('key', 'gen', 'ours')).stdout.trim()
    await jzfs('name', 'publish', '-k', 'ours', one ?? '', '--sequence', '41')
    await jzfs('name', 'export', name, '-o', file('ours'))
    expect(ipfs('name', 'inspect', '--verify', name, '--dump=false', file('ours'))).toMatch(/Valid:\s+true/)
    ipfs('name', 'put', '--allow-offline', name, file('ours'))
    expect(ipfs('name', 'resolve', name)).toBe(`/ipfs/${one}`)
    writeFileSync(file('got'), kubo.ipfs(['name', 'get', name]))
    expect(readFileSync(file('got'))).toEqual(readFileSync(file('ours')))

    // Kubo's to us: both versions, sequence 0; published again, the same sequence with a later end of life.
    ipfs('key', 'gen', '--type=ed25519', 'theirs')
    const publish = (cid = one, ...more: string[]): string =>
      ipfs('name', 'publish', '-Q', '--allow-offline', '--resolve=false', '--key=theirs', ...more, `/ipfs/${cid}`)
    const theirs = publish()
    const take = async (): Promise<RanHere> => {
      writeFileSync(file('theirs'), kubo.ipfs(['name', 'get', theirs]))
      return jzfs('name', 'import', theirs, file('theirs'), '--json')
    }
    expect(JSON.parse((await take()).stdout)).toMatchObject({ sequence: '0', judgement: 'newer', cid: one })
    publish()
    const again = JSON.parse((await take()).stdout) as { sequence: string; judgement: string }
    expect([again.sequence, again.judgement]).toEqual(['0', 'republication'])
    publish(two, '--v1compat=false', '--ttl=7m')
    expect(JSON.parse((await take()).stdout)).toMatchObject({ sequence: '1', ttlNs: '420000000000', cid: two })

    // A key that both have: what Kubo signed is gone on from.
    ipfs('key', 'export', '-o', file('key'), 'theirs')
    await jzfs('key', 'import', 'theirs', file('key'))
    const signed = await jzfs('name', 'publish', '-k', 'theirs', one ?? '', '--json')
    expect(JSON.parse(signed.stdout)).toMatchObject({ sequence: '2', name: theirs })
    await jzfs('name', 'export', theirs, '-o', file('newer'))
    ipfs('name', 'put', '--allow-offline', theirs, file('newer'))
    expect(ipfs('name', 'resolve', '--nocache', theirs)).toBe(`/ipfs/${one}`)
  })

  it('inspects records as Kubo does, RSA and paths among them', async () => {
    const { jzfs, kubo, ipfs, file } = await side()
    const daemon = await kubo.startDaemon()
    onTestFinished(() => daemon.stop())
    for (const [type, value, more] of [
      ['ed25519', `/ipfs/${one}`, '--v1compat=true'],
      ['rsa', `/ipfs/${two}`, '--v1compat=true'],
      ['ed25519', `/ipfs/${one}/a/path`, '--v1compat=false'],
    ] as const) {
      const key = `${type}-${value.length}`
      const name = ipfs('key', 'gen', `--type=${type}`, key)
      ipfs('name', 'publish', '--allow-offline', '--resolve=false', `--key=${key}`, more, '--ttl=1h', value)
      writeFileSync(file(key), kubo.ipfs(['name', 'get', name]))
      const theirs = JSON.parse(
        ipfs('name', 'inspect', '--enc=json', '--verify', name, '--dump=false', file(key)),
      ) as KuboInspection
      const ours = await inspectRecord(readFileSync(file(key)), name)
      const { Entry: entry } = theirs
      expect({
        value: ours.value,
        validity: new Date(ours.validity).getTime(),
        sequence: Number(ours.sequence),
        ttl: Number(ours.ttlNs),
        signatures: ours.signatures,
        size: ours.sizeBytes,
        valid: ours.validation?.valid,
      }).toEqual({
        value: entry.Value,
        validity: new Date(entry.Validity).getTime(),
        sequence: entry.Sequence,
        ttl: entry.TTL,
        signatures: theirs.SignatureType,
        size: theirs.PbSize,
        valid: theirs.Validation.Valid,
      })
      const told = await jzfs('name', 'verify', name, file(key))
      expect(told.status).toBe(value.endsWith('path') ? 128 : 0)
    }
  })
})

interface KuboInspection {
  Entry: { Value: string; Validity: string; Sequence: number; TTL: number }
  SignatureType: string
  PbSize: number
  Validation: { Valid: boolean }
}
