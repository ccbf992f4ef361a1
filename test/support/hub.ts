import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createNode, type Ended, type Node, type Running } from './jzfs.ts'

/** A node whose daemon holds a bare repository `data` that named people push to. */
export interface Hub {
  node: Node
  /** The IPNS name of the repository. */
  name: string
  /** How it is reached now: each `start` of the daemon may give new ones. */
  libp2p: string
  http: string
  start(options?: string[]): Promise<Running>
  /** The daemon that runs, if any. */
  daemon: Running
}

/** Somebody with a node home and, below its folder, repositories of their own. */
export interface Person {
  node: Node
  peerId: string
  /** With what their commands run. */
  env: Record<string, string>
  /** Runs a command in a folder, and throws unless it ends with this status. */
  run(args: string[], status?: number): Promise<Ended>
  /** Writes a file and commits it. */
  commit(name: string, text: string): Promise<void>
  /** The commit that a revision means here. */
  head(revision?: string): Promise<string>
  /** The text of a file of the working tree, if it is there. */
  read(name: string): string | undefined
  /** Where they work: `init` and `clone` into it. */
  place: string
}

/** Makes somebody who works in the folder `data` of their node, with a clock that is so much ahead. */
export async function createPerson(name: string, aheadMs = 0): Promise<Person> {
  const node = createNode()
  const place = join(node.folder, 'data')
  const env = { JZFS_AUTHOR_NAME: name, JZFS_AUTHOR_EMAIL: `${name}@example.org`, ...clock(aheadMs) }
  const run = async (args: string[], status = 0): Promise<Ended> => {
    const ended = await node.jzfs(args, { cwd: existsSync(place) ? place : node.folder, env })
    if (ended.status === status) return ended
    throw new Error(`${name}: jzfs ${args.join(' ')} ended with ${ended.status}:\n${ended.stdout}${ended.stderr}`)
  }
  const { peerId } = JSON.parse((await run(['id', '--json'])).stdout) as { peerId: string }
  return {
    node,
    peerId,
    place,
    env,
    run,
    async commit(file, text) {
      writeFileSync(join(place, file), text)
      await run(['add', '.'])
      await run(['commit', '-q', '-m', `${name}: ${file}`])
    },
    head: async (revision = 'HEAD') => (await run(['rev-parse', revision])).stdout.trim(),
    read: (file) => (existsSync(join(place, file)) ? readFileSync(join(place, file), 'utf8') : undefined),
  }
}

/** Starts a hub that these people may push to. Its daemon listens for HTTP too. */
export async function startHub(writers: Person[], aheadMs = 0): Promise<Hub> {
  const owner = await createPerson('hub', aheadMs)
  await owner.run(['init', '-q', '--bare', 'data'])
  await owner.run(['publish', '-q', '--all'])
  await owner.run(['writer', 'add', ...writers.map(({ peerId }) => peerId)])
  const list = await owner.run(['publish', '--list'])
  const hub: Partial<Hub> & Pick<Hub, 'start'> = {
    node: owner.node,
    name: /ipns:\/\/(\S+)/.exec(list.stdout)![1]!,
    async start(options = ['--http-port', '0']) {
      const daemon = owner.node.start(['daemon', ...options], { env: owner.env })
      const said = await daemon.until('Ready.')
      hub.libp2p = /listening on (\/ip4\S+)/.exec(said)![1]!
      hub.http = /listening on (http\S+)/.exec(said)![1]!
      hub.daemon = daemon
      return daemon
    },
  }
  await hub.start()
  return hub as Hub
}

/** What a process is started with so that its clock is so much ahead. */
function clock(aheadMs: number): Record<string, string> {
  if (aheadMs === 0) return {}
  const code = `const D = Date; globalThis.Date = class extends D {
    constructor(...a) { a.length === 0 ? super(D.now() + ${aheadMs}) : super(...a) }
    static now() { return D.now() + ${aheadMs} }
  }`
  return { NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(code).toString('base64')}` }
}
