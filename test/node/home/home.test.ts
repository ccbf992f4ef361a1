import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { placeControlSocket } from '../../../src/node/home/control-socket.ts'
import { openHome } from '../../../src/node/home/home.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jzfs-home-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('a node home', () => {
  it('is made where it is missing, for its owner only', () => {
    const home = openHome(join(folder, 'a', 'home'))
    for (const path of [home.layout.directory, home.layout.keys, home.layout.names, home.layout.published]) {
      expect(statSync(path).mode & 0o777).toBe(0o700)
    }
  })

  it('has one lock', async () => {
    const home = openHome(join(folder, 'home'))
    const lock = await home.lock({ command: 'jzfs publish' })
    await expect(home.lock({ command: 'jzfs publish', waitMs: 0 })).rejects.toMatchObject({ code: 'locked' })
    lock.release()
    ;(await home.lock({ command: 'jzfs publish', waitMs: 0 })).release()
  })

  it('is opened without loading Helia, libp2p or SQLite', () => {
    const script = `import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
      const { openHome } = await import(${JSON.stringify(new URL('../../../src/node/home/home.ts', import.meta.url))})
      openHome(${JSON.stringify(join(folder, 'home'))}).repositories.list()
      console.log(loaded.filter((url) => /helia|libp2p|node:sqlite/.test(url)).join())`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(run.stderr.replaceAll(/^.*Warning.*$/gm, '').trim()).toBe('')
    expect(run.stdout.trim()).toBe('')
  })
})

describe('the control socket', () => {
  it('lies in the home', () => {
    expect(placeControlSocket(openHome(join(folder, 'home')))).toBe(join(folder, 'home', 'control.sock'))
  })

  it('moves to the runtime directory when its path is too long, one for each home', () => {
    const runtimeDirectory = join(folder, 'run')
    const long = (end: string): string => join(folder, 'x'.repeat(90), end)
    const one = placeControlSocket(openHome(long('one'), { runtimeDirectory }))
    const two = placeControlSocket(openHome(long('two'), { runtimeDirectory }))
    expect(one.startsWith(`${runtimeDirectory}/`)).toBe(true)
    expect(one).not.toBe(two)
    expect(statSync(runtimeDirectory).mode & 0o777).toBe(0o700)
  })

  it('does not move to a directory that others can write to', () => {
    const runtimeDirectory = join(folder, 'run')
    mkdirSync(runtimeDirectory)
    chmodSync(runtimeDirectory, 0o777)
    expect(() => placeControlSocket(openHome(join(folder, 'x'.repeat(90)), { runtimeDirectory }))).toThrow(
      expect.objectContaining({ code: 'runtime-directory-unsafe' }),
    )
  })

  it('says when no path is short enough', () => {
    const deep = join(folder, 'x'.repeat(90))
    expect(() => placeControlSocket(openHome(deep, { runtimeDirectory: deep }))).toThrow(
      expect.objectContaining({ code: 'socket-path-too-long' }),
    )
  })
})
