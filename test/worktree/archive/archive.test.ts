import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { type ArchiveOptions, createArchive } from '../../../src/worktree/archive/archive.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const blocks = new MemoryBlocks()
const noise = (size: number) => {
  const random = createRandom(size)
  return Uint8Array.from({ length: size }, () => random() * 256)
}
const LEAVES: Record<string, Leaf> = {
  plain: 'plain\n',
  run: { executable: '#!/bin/sh\n' },
  link: { link: 'plain' },
  'link far': { link: `${'x/'.repeat(80)}y` },
  'empty file': '',
  'a/b/hollow': { folder: true },
  'a/two pieces': noise(1_200_000),
  'a/run big': { executable: 'zero '.repeat(300_000) },
  [`a/${'long '.repeat(40)}`]: 'long',
  [`${'deep/'.repeat(60)}name`]: 'deep',
  'ümläut/数据 "quoted" \\ \n line': 'odd\n',
  ' lead and trail ': 'x',
  '-dash': 'x',
}
const tree = buildTree(blocks, LEAVES)

async function bytesOf(options: ArchiveOptions, root: CID = tree): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(createArchive(blocks, root, options)))
}

/** What Python reads in an archive: a line for each entry, in their order. */
const READ = `
import hashlib, sys, tarfile, zipfile, calendar
def show(*fields): print(ascii(fields))
if sys.argv[1].endswith('.zip'):
  archive = zipfile.ZipFile(sys.argv[1])
  assert archive.testzip() is None
  for each in archive.infolist():
    mode = each.external_attr >> 16
    kind = {0o040000: 'directory', 0o100000: 'file', 0o120000: 'symlink'}[mode & 0o170000]
    content = b'' if kind == 'directory' else archive.read(each)
    show(each.filename.rstrip('/'), kind, oct(mode & 0o7777), hashlib.sha256(content).hexdigest(), calendar.timegm(each.date_time))
else:
  archive = tarfile.open(sys.argv[1])
  for each in archive:
    kind = 'directory' if each.isdir() else 'symlink' if each.issym() else 'file'
    content = archive.extractfile(each).read() if kind == 'file' else each.linkname.encode()
    show(each.name, kind, oct(each.mode), hashlib.sha256(content).hexdigest(), each.mtime)
`

function read(name: string, bytes: Uint8Array): string[] {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, bytes)
  return execFileSync('python3', ['-c', READ, path], { encoding: 'utf8' }).trimEnd().split('\n')
}

describe('an archive', () => {
  it('holds the same by every format, whatever the names are', async () => {
    const seconds = 1_767_225_602
    const lines: Record<string, string[]> = {}
    for (const format of ['tar', 'tar.gz', 'zip'] as const) {
      lines[format] = read(`x.${format}`, await bytesOf({ format, seconds, prefix: 'top/' }))
    }
    expect(lines['zip']).toEqual(lines['tar'])
    expect(lines['tar.gz']).toEqual(lines['tar'])
    const shown = (path: string) => lines['tar']?.find((line) => line.startsWith(`('top/${path}', `))
    expect(shown('run')).toContain("'file', '0o755'")
    expect(shown('link')).toContain("'symlink', '0o777'")
    expect(shown('a/b/hollow')).toContain("'directory', '0o755'")
    expect(lines['tar']?.every((line) => line.endsWith(`, ${seconds})`))).toBe(true)
    expect(lines['tar']?.map((line) => line.split("', '")[0])).toContain(
      String.raw`('top/\xfcml\xe4ut/\u6570\u636e "quoted" \\ \n line`,
    )
    // Each directory once, before what is in it.
    expect(lines['tar']).toHaveLength(1 + Object.keys(LEAVES).length + 'a, a/b, ümläut'.split(',').length + 60)
  })

  it('has the same bytes each time, and no time of today', async () => {
    for (const format of ['tar', 'tgz', 'zip'] as const) {
      const [one, two] = [await bytesOf({ format }), await bytesOf({ format })]
      expect(one.equals(two)).toBe(true)
      if (format === 'tar') expect(read('x.tar', one)[0]).toContain(', 315532800)')
    }
  })

  it('has times that a header cannot hold', async () => {
    for (const seconds of [-1000, 5_000_000_000]) {
      const [line] = read('x.tar', await bytesOf({ format: 'tar', seconds }, buildTree(blocks, { a: 'a' })))
      expect(line).toMatch(new RegExp(`, ${seconds}(\\.0)?\\)$`))
    }
    expect(read('x.zip', await bytesOf({ format: 'zip', seconds: 5_000_000_000 }))[0]).toContain(', 4354819198)')
  })

  it('holds what pathspecs select, with the directories on the way', async () => {
    const pathspecs = (...texts: string[]) => parsePathspecs(texts, { worktree: '/', cwd: '/', isHistoric: true })
    const names = async (...texts: string[]) => {
      const bytes = await bytesOf({ format: 'tar', pathspecs: pathspecs(...texts) })
      return read('x.tar', bytes).map((line) => line.split("', '")[0]?.slice(2))
    }
    expect(await names('a/b', 'plain')).toEqual(['a', 'a/b', 'a/b/hollow', 'plain'])
    expect(await names('*pieces')).toEqual(['a', 'a/two pieces'])
    expect(await names('a', ':!a/*o*')).toEqual(['a', 'a/run big'])
    await expect(names('plain', 'nothing')).rejects.toMatchObject({ code: 'pathspec-unmatched' })
  })

  it('is read only as far as it is wanted', async () => {
    const root = buildTree(blocks, { big: 'zero '.repeat(3_000_000) })
    let reads = 0
    const counting = { get: (cid: CID) => (reads++, blocks.get(cid)) }
    for (const format of ['tar', 'tar.gz', 'zip'] as const) {
      reads = 0
      for await (const _ of createArchive(counting, root, { format, level: 1 })) break
      expect(reads).toBeLessThan(8)
    }
  })
})
