import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { createNode, type Ended, type Node } from '../../support/jzfs.ts'
import { temporaryFolder } from '../../support/repository.ts'

interface Detached {
  pid: number
  peerId: string
  addresses: string[]
  log: string
}

/** Starts the daemon of a node in the background. */
async function startDetached(node: Node, args: string[] = [], env = {}): Promise<Detached> {
  const { status, stdout, stderr } = await node.jzfs(['daemon', '--detach', '--json', ...args], { env })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const started = JSON.parse(stdout) as Detached
  onTestFinished(() => endIfThere(started.pid))
  return started
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended before.
  }
}

/** Where nobody waits for orphans (a container without an init), a process that ended stays in the table as `Z`. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

const events = async (node: Node): Promise<string[]> => {
  const { stdout } = await node.jzfs(['daemon', 'logs', '--json', '-n', '1000'])
  return stdout.split('\n').flatMap((line) => /"event":"([^"]*)"/.exec(line)?.[1] ?? [])
}

describe('a daemon in the background', () => {
  it('is ready when the command returns, has a session of its own, and holds nothing of who started it', async () => {
    const node = createNode()
    const { pid, log } = await startDetached(node)
    expect((await node.jzfs(['daemon', 'health'])).stdout).toBe('ready\n')
    expect(readFileSync(log, 'utf8')).toContain('"event":"daemon started"')
    if (process.platform !== 'linux') return
    const [, , , , , session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/\(.*\)/, 'x')
      .split(' ')
    expect({ session, terminal }).toEqual({ session: String(pid), terminal: '0' })
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
    const [input, output, error] = [0, 1, 2].map((file) => readlinkSync(`/proc/${pid}/fd/${file}`))
    expect([input, output, error]).toEqual(['/dev/null', log, log])
  })

  it('inherits no open files, whatever their numbers', async () => {
    const node = createNode()
    const secret = join(temporaryFolder(), 'secret')
    writeFileSync(secret, '')
    const main = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')
    const command = `exec 5< ${secret} 77< ${secret}; exec ${process.execPath} ${main} daemon -d --json`
    const env = { ...process.env, JZFS_HOME: node.home, XDG_RUNTIME_DIR: temporaryFolder() }
    const { stdout } = spawnSync('bash', ['-c', command], { env, encoding: 'utf8' })
    const { pid } = JSON.parse(stdout) as Detached
    onTestFinished(() => endIfThere(pid))
    const held = readdirSync(`/proc/${pid}/fd`).map((file) => readlinkSync(`/proc/${pid}/fd/${file}`))
    expect(held).not.toContain(secret)
  })

  it('outlives the terminal, and the processes beside it', async () => {
    const node = createNode()
    const main = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')
    const env = { ...process.env, JZFS_HOME: node.home, XDG_RUNTIME_DIR: temporaryFolder() }
    // A terminal that closes says SIGHUP to all of its session.
    const command = `${process.execPath} ${main} daemon -d --json; kill -HUP 0`
    const { stdout } = spawnSync('setsid', ['--wait', 'bash', '-c', command], { env, encoding: 'utf8' })
    const { pid } = JSON.parse(stdout) as Detached
    onTestFinished(() => endIfThere(pid))
    await sleep(300)
    expect(isAlive(pid)).toBe(true)
  })

  it('is one: a second start says that it runs; a restart keeps identity and address', async () => {
    const node = createNode()
    const first = await startDetached(node)
    expect(await node.jzfs(['daemon', '--detach'])).toMatchObject({
      status: 128,
      stdout: '',
      stderr: expect.stringMatching(
        `^jzfs: a daemon runs for this node home already \\(pid ${first.pid}\\).*\nhint: .*daemon restart`,
      ),
    })
    const restarted = JSON.parse((await node.jzfs(['daemon', 'restart', '--json'])).stdout) as Detached
    onTestFinished(() => endIfThere(restarted.pid))
    expect(restarted).toMatchObject({ peerId: first.peerId, addresses: first.addresses })
    expect(restarted.pid).not.toBe(first.pid)
    expect(isAlive(first.pid)).toBe(false)
    expect(await events(node)).toEqual(['daemon started', 'daemon stops', 'daemon stopped', 'daemon started'])
  })

  it('stops at once where nothing is going on, and is gone then', async () => {
    const node = createNode()
    const { pid } = await startDetached(node)
    expect(await node.jzfs(['daemon', 'stop'])).toMatchObject({
      status: 0,
      stdout: `stopped the daemon (pid ${pid})\n`,
    })
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 900, interval: 5 })
    const { ms } = JSON.parse((await node.jzfs(['daemon', 'logs', '-n', '1', '--json'])).stdout) as { ms: number }
    expect(ms).toBeLessThan(500)
    expect(await node.jzfs(['daemon', 'stop'])).toMatchObject({ status: 128 })
    expect(await node.jzfs(['daemon', 'health'])).toMatchObject({ status: 1, stdout: 'not running\n' })
  })

  it('that does not start says why, with the end of its log', async () => {
    const node = createNode()
    const other = createNode()
    const { addresses } = await startDetached(other)
    const port = /tcp\/(\d+)/.exec(addresses[0]!)![1]!
    const taken = await node.jzfs(['daemon', '--detach', '--port', port])
    expect(taken).toMatchObject({ status: 128, stdout: '' })
    expect(taken.stderr.split('\n')).toEqual([
      `jzfs: another program listens on port ${port}`,
      'hint: choose another port, or 0 for any',
      'jzfs: the daemon did not start (exit status 128)',
      'hint: see what it said: `jzfs daemon logs`',
      '',
    ])
    writeFileSync(join(node.home, 'config.json'), '{"network.maxConections":5}')
    const invalid = await node.jzfs(['daemon', '-d'])
    expect(invalid.status).toBe(128)
    expect(invalid.stderr).toContain('there is no configuration key "network.maxConections"')
    expect(invalid.stderr).toContain('did you mean network.maxConnections?')
    expect((await node.jzfs(['daemon'])).stderr).toContain('did you mean network.maxConnections?')
  })

  it('that hangs is told, with what to do', async () => {
    const node = createNode()
    const { pid } = await startDetached(node)
    process.kill(pid, 'SIGSTOP')
    const [stopped, doctor, health] = await Promise.all([
      node.jzfs(['daemon', 'stop']),
      node.jzfs(['doctor', '-q', '--json']),
      node.jzfs(['daemon', 'health']),
    ])
    expect(stopped).toMatchObject({ status: 128, stderr: expect.stringContaining(`kill -9 ${pid}`) })
    expect(doctor.status).toBe(1)
    expect(doctor.stdout).toContain('"code":"daemon-silent"')
    expect(health).toMatchObject({ status: 1, stdout: 'not running\n' })
  })

  it('that is killed leaves its last words, and the next one starts', async () => {
    const node = createNode()
    const { pid } = await startDetached(node)
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false))
    expect(await events(node)).toEqual(['daemon started'])
    await startDetached(node)
  })
})

describe('what is served', () => {
  it('is counted by protocol, measured, and logged with the peer', async () => {
    const [ann, grace] = [createNode(), createNode()]
    const { addresses } = await startDetached(ann)
    const { peerId } = await startDetached(grace)
    await ann.jzfs(['init', '-q'])
    writeFileSync(join(ann.folder, 'data'), Buffer.alloc(3 << 20, 'x'))
    await ann.jzfs(['add', '.'])
    await ann.jzfs(['commit', '-q', '-m', 'data'])
    const name = /main as ipns:\/\/(k51[a-z0-9]+)/.exec((await ann.jzfs(['publish'])).stdout)?.[1]
    const cloned = await grace.jzfs(['clone', `ipns://${name}`, 'copy', '--peer', addresses[0]!])
    expect(cloned).toMatchObject({ status: 0, stderr: '' })
    const metrics = (await ann.jzfs(['daemon', 'metrics'])).stdout
    const valueOf = (metric: string): number =>
      Number(
        metrics
          .split('\n')
          .find((line) => line.startsWith(`${metric} `))
          ?.split(' ')[1],
      )
    // Three leaves of one content are one block.
    expect(valueOf('jzfs_served_bytes_total{protocol="sync"}')).toBeGreaterThan(1 << 20)
    expect(valueOf('jzfs_protocol_bytes_total{protocol="/jzfs/sync/1",direction="out"}')).toBeGreaterThan(1 << 20)
    expect(valueOf('jzfs_network_bytes_total{direction="out"}')).toBeGreaterThan(1 << 20)
    expect(valueOf('jzfs_exchanges_total{carrier="libp2p",kind="sync",outcome="served"}')).toBeGreaterThan(0)
    expect(valueOf('jzfs_connections{direction="inbound"}')).toBe(1)
    const log = (await ann.jzfs(['daemon', 'logs', '--json', '-n', '100'])).stdout.trim().split('\n')
    const served = log.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ kind }) => kind === 'sync')
    expect(served).toMatchObject({
      event: 'exchange served',
      peer: peerId,
      carrier: 'libp2p',
      blocks: expect.any(Number),
    })
    expect((await grace.jzfs(['daemon', 'logs', '--json', '-n', '100'])).stdout).toContain('"event":"stream carried"')
    const status = JSON.parse((await ann.jzfs(['daemon', 'status', '--json'])).stdout) as { bytes: { sent: number } }
    expect(status.bytes.sent).toBeGreaterThan(1 << 20)
    for (const node of [ann, grace]) await node.jzfs(['daemon', 'stop'])
  })
})

describe('the log', () => {
  it('is followed while it grows, and keeps to its size', async () => {
    const node = createNode()
    mkdirSync(node.home, { recursive: true })
    writeFileSync(join(node.home, 'config.json'), '{"log.maxSize":"64KiB","log.maxFiles":2,"log.level":"debug"}')
    const { log } = await startDetached(node)
    const following = node.start(['daemon', 'logs', '-f', '-n', '0'])
    await sleep(500)
    expect((await node.jzfs(['daemon', 'restart'])).status).toBe(0)
    await following.until('daemon started')
    const { status, stdout } = (await following.stop('SIGINT')) satisfies Ended
    expect(status).toBe(130)
    expect(stdout).toMatch(/daemon stops .*\n.*daemon stopped .*\n.*daemon started /)
    expect(readdirSync(node.home).filter((name) => name.startsWith('daemon.log')).length).toBeLessThanOrEqual(2)
    expect(log).toBe(join(node.home, 'daemon.log'))
    await node.jzfs(['daemon', 'stop'])
  })

  it('is JSON lines on standard error where that is asked for', async () => {
    const node = createNode()
    const running = node.start(['daemon', '--quiet', '--log-format', 'json'])
    await running.until('daemon started')
    const { stdout, stderr } = await running.stop()
    expect(stdout).toBe('')
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'daemon started',
      'daemon stops',
      'daemon stopped',
    ])
  })
})

describe('the files of the image', () => {
  it('are enough to run a daemon, without the checkout', async () => {
    const checkout = join(import.meta.dirname, '..', '..', '..')
    const output = join(temporaryFolder(), 'opt')
    const copied = spawnSync(process.execPath, [join(checkout, 'scripts', 'docker', 'copy-runtime.ts'), output])
    expect(copied.status).toBe(0)
    const env = { PATH: process.env['PATH'], JZFS_HOME: join(temporaryFolder(), 'home') }
    const run = (args: string[]) =>
      spawnSync(process.execPath, [join(output, 'dist', 'cli', 'main.js'), ...args], {
        env,
        encoding: 'utf8',
        cwd: '/',
      })
    const { pid } = JSON.parse(run(['daemon', '-d', '--json']).stdout) as Detached
    onTestFinished(() => endIfThere(pid))
    expect(run(['daemon', 'health'])).toMatchObject({ status: 0, stdout: 'ready\n' })
    expect(run(['daemon', 'stop']).status).toBe(0)
  })
})
