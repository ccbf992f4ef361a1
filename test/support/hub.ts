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
  start(): Promise<Running>
  /** The daemon that runs, if any. */
  daemon: Running
}

/** Somebody with a node home and, below its folder, repositories of their own. */
export interface Person {
  node: Node
  peerId: string
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

/** Makes somebody who works in the folder `data` of their node; `repository` is where it is, if elsewhere. */
export async function createPerson(name: string, node = createNode()): Promise<Person> {
  const place = join(node.folder, 'data')
  const env = { JZFS_AUTHOR_NAME: name, JZFS_AUTHOR_EMAIL: `${name}@example.org` }
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
export async function startHub(writers: Person[]): Promise<Hub> {
  const owner = await createPerson('hub')
  await owner.run(['init', '-q', '--bare', 'data'])
  await owner.run(['publish', '-q', '--all'])
  await owner.run(['writer', 'add', ...writers.map(({ peerId }) => peerId)])
  const list = await owner.run(['publish', '--list'])
  const hub: Partial<Hub> & Pick<Hub, 'start'> = {
    node: owner.node,
    name: /ipns:\/\/(\S+)/.exec(list.stdout)![1]!,
    async start() {
      const daemon = owner.node.start(['daemon', '--http-port', '0'])
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
