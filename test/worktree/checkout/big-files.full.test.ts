import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { createBlockCopier } from '../../../src/store/copy/block-copier.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { checkoutTrees } from '../../../src/worktree/checkout/checkout-trees.ts'
import { fileModes } from '../../../src/worktree/checkout/write-entry.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { whenReady } from '../../support/ready-copier.ts'
import { seededBytes } from '../../support/seeded.ts'
import { createShell } from '../../support/shell.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { folderContent } from '../support/folder-content.ts'

const MIB = 1_048_576

describe('big files', () => {
  let store: Store
  const copier = createBlockCopier({ locate: (cid) => store.locate(cid), refresh: () => store.refresh() })
  afterAll(() => copier.stop())

  const random = seededBytes('any shape', 4 * MIB)
  /** A few MiB of a file: of which some are equal to others, and some are zeros. */
  const part = fc.oneof(
    fc.nat(3).map((at) => random.subarray(at * MIB, (at + 1) * MIB)),
    fc.integer({ min: 1, max: 4 }).map((count) => new Uint8Array(count * MIB)),
    fc.integer({ min: 0, max: 3 * MIB }).map((start) => random.subarray(start)),
  )
  const end = fc.oneof(fc.constantFrom(0, 1, MIB - 1, MIB - 131_072, MIB - 131_071), fc.nat(MIB))

  it('are the same with threads and without, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 8, maxLength: 14 }),
        end,
        fc.boolean(),
        fc.nat(20),
        async (parts, cut, executable, looseAt) => {
          const folder = temporaryFolder()
          for (const name of ['with', 'without', 'tmp']) mkdirSync(join(folder, name))
          store = await openStore(join(folder, 'store'))
          const whole = Buffer.concat(parts)
          const bytes = whole.subarray(0, whole.length - cut)
          const pack = await store.createPack()
          const loose: Parameters<Store['put']>[0][] = []
          let leaf = 0
          const file = fileOfBytes(bytes, {
            executable,
            onLeaf: (block) => (leaf++ === looseAt ? void loose.push(block) : void pack.add(block)),
          })
          const directory = buildDirectory([{ name: 'file', cid: file.cid, tsize: file.tsize }])
          for (const block of [...file.blocks, ...directory.blocks]) pack.add(block)
          await pack.finish()
          for (const block of loose) await store.put(block)
          await whenReady(copier, store)
          const files = {
            tmp: join(folder, 'tmp'),
            source: store,
            modes: fileModes(0o022, true),
            keeps: { executableBit: true, symlinks: true },
          }
          const trees = { before: undefined, after: directory.cid }
          const reports = [
            await checkoutTrees({ ...files, top: join(folder, 'with'), copier }, trees),
            await checkoutTrees({ ...files, top: join(folder, 'without') }, trees),
          ]
          await store.close()
          const nothing = { left: [], failed: [] }
          expect(reports).toEqual([nothing, nothing])
          const written = folderContent(join(folder, 'with'))
          expect(written).toEqual(folderContent(join(folder, 'without')))
          expect(written['file']?.length).toBe(bytes.length + 4)
        },
      ),
      { numRuns: 12 },
    )
  })
})

/** Makes a file of 1 GiB and one that is like it but in one MiB; `peak` runs jzfs and says its most memory, in MiB. */
const SCRIPT = `
peak() { "$NODE" --import 'data:text/javascript,process.on("exit",()=>console.log(Math.ceil(process.resourceUsage().maxRSS/1024)))' "$MAIN" "$@"; }
mkdir data && cd data && jzfs init -q
head -c 1073741824 /dev/urandom > big && chmod +x big && jzfs add big && jzfs commit -q -m one
sha256sum big
jzfs switch -q -c other && printf other | dd of=big bs=1 seek=500000000 conv=notrunc 2> /dev/null
jzfs add big && jzfs commit -q -m two && sha256sum big
peak switch -q main && sha256sum big && stat -c %a big
rm big && peak restore big && sha256sum big
jzfs status --short
`

it('a file of 1 GiB is written whole, in little memory', () => {
  const { stdout, stderr } = createShell().run(SCRIPT)
  expect(stderr).toBe('')
  const [one, two, switching, switched, mode, restoring, restored, ...more] = stdout.trimEnd().split('\n')
  expect({ switched, restored, mode, more }).toEqual({ switched: one, restored: one, mode: '755', more: [] })
  expect(two).not.toBe(one)
  expect(Math.max(Number(switching), Number(restoring))).toBeLessThan(200)
})
