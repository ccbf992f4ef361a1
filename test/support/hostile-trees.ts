import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { cidOf, DAG_PB, RAW } from '../../src/model/cid.ts'
import { EMPTY_DIRECTORY } from '../../src/model/directory/directory.ts'
import { encodeNode, type Link } from '../../src/model/unixfs/dag-pb.ts'
import { buildSymlink } from '../../src/model/unixfs/symlink.ts'
import { encodeUnixfs, UNIXFS_DIRECTORY, UNIXFS_FILE, UNIXFS_HAMT_SHARD } from '../../src/model/unixfs/unixfs-data.ts'
import { MemoryBlocks } from './memory-blocks.ts'
import { commitOf } from './transfer.ts'

const content = Buffer.from('content')
/** The one file in these trees. */
export const leaf: Block = { cid: cidOf(RAW, content), bytes: content }
const symlink = buildSymlink('/etc/passwd')

interface Made {
  cid: CID
  tsize: number
}

function put(blocks: MemoryBlocks, links: Link[], data: Uint8Array): Made {
  const bytes = encodeNode(links, data)
  const block = { cid: cidOf(DAG_PB, bytes), bytes }
  blocks.put(block)
  return { cid: block.cid, tsize: bytes.length + links.reduce((sum, { tsize }) => sum + tsize, 0) }
}

const DIRECTORY = encodeUnixfs({ type: UNIXFS_DIRECTORY })
const directory = (blocks: MemoryBlocks, links: Link[]): Made => put(blocks, links, DIRECTORY)
const toLeaf = (name: string): Link => ({ name, cid: leaf.cid.bytes, tsize: content.length })
const to = (name: string, { cid, tsize }: Made): Link => ({ name, cid: cid.bytes, tsize })

/** A directory of names, one of which may be below another. */
function treeOf(...names: string[]): (blocks: MemoryBlocks) => Made {
  return (blocks) =>
    directory(
      blocks,
      names.map((name) => toLeaf(name)),
    )
}

const LEVELS = 30

/** Trees that nobody should have, and what is wrong with each. */
export const HOSTILE_TREES: [what: string, tree: (blocks: MemoryBlocks) => Made][] = [
  ['a path upwards', treeOf('../x')],
  ['..', treeOf('..')],
  ['.', treeOf('.')],
  ['an empty name', treeOf('')],
  ['an absolute path', treeOf('/etc/x')],
  ['a name with a NUL', treeOf('a\0b')],
  ['a path into the repository', treeOf('.jzfs/config')],
  ['the repository itself', (blocks) => directory(blocks, [to('.jzfs', treeOf('config')(blocks))])],
  ['the repository, below', (blocks) => directory(blocks, [to('sub', treeOf('.jzfs')(blocks))])],
  ['the repository in capitals', treeOf('.JZFS')],
  ['the repository with a dot behind', treeOf('.jzfs.')],
  ['the repository with an ignorable character', treeOf('.jz\u200cfs')],
  ['the repository by its short name', treeOf('JZFS~1')],
  [
    'one name twice, one of them a symlink',
    (blocks) => directory(blocks, [to('dir', { ...symlink }), to('dir', treeOf('passwd')(blocks))]),
  ],
  ['names out of order', treeOf('b', 'a')],
  ['a size that lies about a leaf', (blocks) => directory(blocks, [{ ...toLeaf('a'), tsize: 8 }])],
  [
    'a size that lies about a directory',
    (blocks) => directory(blocks, [{ ...to('a', treeOf('b')(blocks)), tsize: 1 }]),
  ],
  [
    'two sizes for one leaf',
    (blocks) => directory(blocks, [toLeaf('a'), { ...toLeaf('b'), tsize: content.length + 1 }]),
  ],
  [
    'an entry that is a commit',
    (blocks) => directory(blocks, [to('a', { cid: commitOf(blocks, EMPTY_DIRECTORY.cid), tsize: 1 })]),
  ],
  [
    'a root that is a file',
    (blocks) => put(blocks, [], encodeUnixfs({ type: UNIXFS_FILE, data: content, fileSize: 7 })),
  ],
  [
    'a file of a directory',
    (blocks) => {
      const inner = directory(blocks, [])
      const data = encodeUnixfs({ type: UNIXFS_FILE, fileSize: 1, blockSizes: [1] })
      return directory(blocks, [to('file', put(blocks, [to('', inner)], data))])
    },
  ],
  [
    'a file whose sizes lie',
    (blocks) => {
      const data = encodeUnixfs({ type: UNIXFS_FILE, fileSize: 9, blockSizes: [9] })
      return directory(blocks, [to('file', put(blocks, [toLeaf('')], data))])
    },
  ],
  [
    'a shard with an entry in a slot of another',
    (blocks) => {
      const bitfield = Buffer.alloc(32)
      bitfield[31] = 1
      const data = encodeUnixfs({ type: UNIXFS_HAMT_SHARD, data: bitfield, hashType: 0x22, fanout: 256 })
      return put(blocks, [toLeaf('00some name')], data)
    },
  ],
  ['what is no UnixFS', (blocks) => put(blocks, [], Buffer.from('ffff', 'hex'))],
  [
    'a tree that unfolds without end',
    (blocks) => {
      let inner = treeOf('a')(blocks)
      for (let level = 0; level < LEVELS; level++) inner = directory(blocks, [to('a', inner), to('b', inner)])
      return inner
    },
  ],
  [
    'directories without end',
    (blocks) => {
      let inner = treeOf('a')(blocks)
      for (let level = 0; level < 600; level++) inner = directory(blocks, [to('a', inner)])
      return inner
    },
  ],
]

/** A commit of a tree, with all its blocks. */
export function commitWith(tree: (blocks: MemoryBlocks) => Made): { blocks: MemoryBlocks; commit: CID } {
  const blocks = new MemoryBlocks()
  blocks.putAll([leaf, symlink.block, EMPTY_DIRECTORY])
  return { blocks, commit: commitOf(blocks, tree(blocks).cid) }
}
