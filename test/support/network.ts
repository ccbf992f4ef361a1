import { MemoryDatastore } from 'datastore-core'

import type { Block } from '../../src/model/block.ts'
import { generateEd25519Key } from '../../src/node/home/ed25519-key.ts'
import type { BlockView } from '../../src/node/network/blockstore-view.ts'
import { type Served, type ServingNode, startServingNode } from '../../src/node/network/serving-node.ts'
import type { ByteDuplex } from '../../src/sync/duplex.ts'

/** A node on loopback that serves these blocks over Bitswap, and else what is given. */
export function startTestNode(
  blocks: Block[],
  served: Partial<Pick<Served, 'record' | 'sync' | 'judge'>> = {},
  options: { port?: number; view?: Partial<BlockView> } = {},
): Promise<ServingNode> {
  const find = (cid: Block['cid']) => blocks.find((block) => block.cid.equals(cid))?.bytes
  const view: BlockView = {
    has: async (cid) => find(cid) !== undefined,
    get: async (cid) => find(cid),
    put: async () => undefined,
    ...options.view,
  }
  return startServingNode({
    privateKey: generateEd25519Key().protobuf,
    datastore: new MemoryDatastore(),
    served: { blocks: view, record: async () => undefined, sync: refuse, ...served },
    ...(options.port === undefined ? {} : { port: options.port }),
  })
}

async function refuse(stream: ByteDuplex): Promise<void> {
  stream.abort(new Error('nothing is served'))
}
