import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { checkConfigFile, refuseInvalidConfig } from '../../../src/repo/config/check-config.ts'
import { CONFIG_KEYS } from '../../../src/repo/config/config-keys.ts'
import { openConfig } from '../../../src/repo/config/config.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

function fileWith(text: string): { path: string; scope: 'user' } {
  const path = join(temporaryFolder(), 'config.json')
  writeFileSync(path, text)
  return { path, scope: 'user' }
}
const check = (document: object) => checkConfigFile(fileWith(JSON.stringify(document)))

describe('a configuration file', () => {
  it('is good with all that the table has as defaults, and where it is not there', () => {
    const defaults = Object.entries(CONFIG_KEYS).flatMap(([key, line]) =>
      'default' in line ? [[key, line.default]] : [],
    )
    expect(check(Object.fromEntries(defaults))).toEqual([])
    expect(checkConfigFile({ path: join(temporaryFolder(), 'none.json'), scope: 'user' })).toEqual([])
  })

  it('is told everything that is wrong with it, with file, key and remedy', () => {
    const file = fileWith(
      JSON.stringify({
        'network.maxConections': 5,
        'network.port': 70_000,
        'log.level': 'loud',
        'log.maxSize': '1KiB',
        'network.maxConnections': 0,
        'gc.reflogExpire': 7,
        'user.name': 'Ann',
        'remote.origin.ulr': 'x',
        'network.idleTimeoutMs': [5000],
        'network.maxBytesPerSecond': '1KiB',
      }),
    )
    const problems = checkConfigFile(file)
    const told = problems.map(({ code, message, hint, details }) => {
      expect(details['path']).toBe(file.path)
      expect(message).toContain(file.path)
      expect(message).toContain(String(details['key']))
      expect(hint).toContain(`jzfs config --user --unset ${String(details['key'])}`)
      return `${String(details['key'])} ${code}: ${hint?.split(/(?:, or| Else) remove/)[0]}`
    })
    expect(told).toEqual([
      'network.maxConections config-key-unknown: did you mean network.maxConnections?',
      'network.port config-value-invalid: give a whole number, from 0 to 65535',
      'log.level config-value-invalid: give one of debug, info, warn, error, silent',
      'log.maxSize config-value-invalid: give a number of bytes, like 1048576 or 512MiB, from 65536 to 1073741824',
      'network.maxConnections config-value-invalid: give a whole number, from 1 to 65535',
      'gc.reflogExpire config-value-invalid: give a text',
      expect.stringContaining('remote.origin.ulr config-key-unknown: did you mean remote.origin.url'),
      'network.idleTimeoutMs config-value-invalid: give a whole number, from 100 to 86400000',
      'network.maxBytesPerSecond config-value-invalid: 1024 is too little: 0, or 64KiB and more',
    ])
  })

  it.each(['{', '[]', 'null', '"x"', ''])('that is no JSON object is told as that alone: %s', (text) => {
    expect(checkConfigFile(fileWith(text))).toEqual([expect.objectContaining({ code: 'config-corrupt' })])
  })

  it('that is wrong is refused with its first problem, and the number of the others', () => {
    const file = fileWith('{"nonsense":1,"log.level":"loud"}')
    expect(() => refuseInvalidConfig(file)).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: `there is no configuration key "nonsense" (${file.path})`,
        hint: expect.stringContaining('and 1 more: see `jzfs config --check`'),
      }),
    )
    expect(() => refuseInvalidConfig(fileWith('{"log.level":"warn"}'))).not.toThrow()
  })

  it('is mended by what the remedy says, though the key is unknown', async () => {
    const { path } = fileWith('{"nonsense":1}')
    const config = openConfig({ userFile: path })
    expect(await config.unset('nonsense', 'user')).toBe(true)
    expect(checkConfigFile({ path, scope: 'user' })).toEqual([])
    await expect(config.unset('nonsense', 'user')).rejects.toMatchObject({ code: 'config-key-unknown' })
  })
})

describe('jzfs config --check', () => {
  it('exits with 1 where something is wrong, in the files of user and repository', async () => {
    const folder = temporaryFolder()
    const env = { JZFS_HOME: join(folder, 'home') }
    mkdirSync(env.JZFS_HOME)
    const work = join(folder, 'work')
    mkdirSync(work)
    await runHere(work, ['init', '-q'], env)
    const files = [join(env.JZFS_HOME, 'config.json'), join(work, '.jzfs', 'config.json')]
    expect(existsSync(files[1]!)).toBe(true)
    expect(await runHere(work, ['config', '--check'], env)).toEqual({
      status: 0,
      stdout: files.map((file) => `sound: ${file}\n`).join(''),
      stderr: '',
    })
    writeFileSync(files[0]!, '{"log.level":"loud"}')
    const checked = await runHere(work, ['config', '--check'], env)
    expect(checked).toMatchObject({ status: 1, stderr: '' })
    expect(checked.stdout).toContain(`log.level cannot be "loud" (${files[0]})\n  hint: give one of debug`)
    writeFileSync(files[1]!, 'nonsense')
    const json = await runHere(work, ['config', '--check', '--json'], env)
    expect(JSON.parse(json.stdout)).toMatchObject({
      problems: [
        { code: 'config-value-invalid', key: 'log.level' },
        { code: 'config-corrupt', path: files[1] },
      ],
    })
  })
})
