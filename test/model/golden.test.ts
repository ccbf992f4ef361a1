import { expect, test } from 'vitest'

import { buildDirectory } from '../../src/model/directory/directory.ts'
import { buildSymlink } from '../../src/model/unixfs/symlink.ts'
import { fileOfBytes } from '../support/build-file.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { putTree } from '../support/put-tree.ts'

// The vectors of `src/model/README.md`: what another implementation must give for the same content, to the byte.

const text = Buffer.from('hello world')
const zeros = (size: number) => Buffer.alloc(size)

test.each([
  ['the empty file', zeros(0), false, 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
  ['a small file', text, false, 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
  ['a file of 1 MiB of zeros', zeros(1_048_576), false, 'bafkreibq4fevl27rgurgnxbp7adh42aqiyd6ouflxhj3gzmcxcxzbh6lla'],
  [
    'a file of 1 MiB and 1 byte of zeros',
    zeros(1_048_577),
    false,
    'bafybeihd4yzq7n5umhjngdum4r6k2to7egxfkf2jz6thvwzf6djus22cmq',
  ],
  ['the empty executable', zeros(0), true, 'bafybeigpmntmfx4imt5b22t4rr5lbjpm3tienyocfjgscpkvjfjt3wv4aq'],
  ['a small executable', text, true, 'bafybeibqrmpzg6bikkne6zkj5qvlmnqly4pfog3hd7ec7krxnviyz4ia6y'],
  [
    'an executable of 1 MiB and 1 byte of zeros',
    zeros(1_048_577),
    true,
    'bafybeidfnsdeq2zzdc6a5ktcefbur6zzpjwcpkbtgbtx4dqne7z3nhhbiq',
  ],
])('%s', (_, bytes, executable, cid) => {
  expect(fileOfBytes(bytes, { executable }).cid.toString()).toBe(cid)
})

test('the bytes of a small executable', () => {
  const { blocks } = fileOfBytes(text, { executable: true })
  expect(Buffer.from(blocks[0]!.bytes).toString('hex')).toBe(
    '122a0a2401551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde91200180b0a090802180b200b38ed03',
  )
})

test('symlinks', () => {
  expect(buildSymlink('../a').cid.toString()).toBe('bafybeif2ezlv4jjwlifrjw2e5uqxcn5viyu4im3cg64rvtkbkdmbxkho5y')
  expect(buildSymlink('nowhere/\u{1f600}').cid.toString()).toBe(
    'bafybeiepzpgkmq3obeka5ylz4hbhrdacfmbyvvxecn5azbco7csnrnnnv4',
  )
})

test('a tree of everything', () => {
  const root = putTree(new MemoryBlocks(), {
    entries: {
      'a.txt': 'hello world',
      tool: { executable: 'hello world' },
      link: { target: 'a.txt' },
      empty: {},
      d: { entries: { '\uffff': 'x', '\u{1f600}': 'y', '.hidden': '' } },
    },
  })
  expect(root.cid.toString()).toBe('bafybeihbiq7z4fulc6ssgoiipvsci7w7xxvgeb6c6sgsl3s7dmbkacbcky')
})

test('a sharded directory, with a shard three levels deep', () => {
  const { cid, tsize } = fileOfBytes(text)
  const names = ['c135____', 'c187____', ...Array.from({ length: 6000 }, (_, i) => `file ${i}`)]
  const built = buildDirectory(names.map((name) => ({ name, cid, tsize })))
  expect(`${built.cid.toString()} ${built.blocks.length} ${built.tsize}`).toBe(
    'bafybeid4o43chemyrbwjrsuqlwz3o7fyjetujezzjahmjvvdtrhpjdpoaq 494 436927',
  )
})
