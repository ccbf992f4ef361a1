import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { diffRevisions } from '../../../src/worktree/diff/find-diffs.ts'
import { renderPatch } from '../../../src/worktree/diff/render-patch.ts'
import { diffContent } from '../../../src/worktree/diff/text-diff.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { temporaryFolder } from '../../support/repository.ts'

async function patchOf(before: Record<string, Leaf>, after: Record<string, Leaf>): Promise<string> {
  const store = new MemoryBlocks() as never
  const trees = { before: buildTree(store, before), after: buildTree(store, after) }
  const lines: string[] = []
  for (const diff of await diffRevisions({ store }, trees)) {
    for (const { text } of renderPatch(diff, await diffContent(diff))) lines.push(`${text}\n`)
  }
  return lines.join('')
}

const line = fc.constantFrom('a', 'b', 'c', '', 'x y', '-', '+', '\\', '@@')
const text = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
  .map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''))

describe('a patch', () => {
  it('is one that git applies, with the result that it says', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        fc.pre(before !== after && before !== '' && after !== '')
        const folder = temporaryFolder()
        mkdirSync(join(folder, 'dir'))
        writeFileSync(join(folder, 'dir', 'file name'), before)
        const patch = await patchOf({ 'dir/file name': before }, { 'dir/file name': after })
        execFileSync('git', ['apply', '-'], { cwd: folder, input: patch })
        expect(readFileSync(join(folder, 'dir', 'file name'), 'utf8')).toBe(after)
      }),
      { numRuns: 30 },
    )
  })

  it('says what was added, deleted, renamed, made executable, and what is no text', async () => {
    const before = { gone: 'one\n', old: 'same content\n', tool: '#!\n', binary: 'a\0b' }
    const after = { fresh: 'two\n', moved: 'same content\n', tool: { executable: '#!\n' }, binary: 'a\0c!' }
    const patch = await patchOf(before, after)
    expect(patch.replaceAll(/bafk\w+/g, 'CID').replaceAll(/bafy\w+/g, 'CID')).toBe(
      [
        'diff --git a/binary b/binary',
        'index CID..CID',
        'Binary files differ: 3 bytes CID -> 4 bytes CID',
        'diff --git a/fresh b/fresh',
        'new file mode 100644',
        'index 0..CID',
        '--- /dev/null',
        '+++ b/fresh',
        '@@ -0,0 +1 @@',
        '+two',
        'diff --git a/gone b/gone',
        'deleted file mode 100644',
        'index CID..0',
        '--- a/gone',
        '+++ /dev/null',
        '@@ -1 +0,0 @@',
        '-one',
        'diff --git a/old b/moved',
        'similarity index 100%',
        'rename from old',
        'rename to moved',
        'diff --git a/tool b/tool',
        'old mode 100644',
        'new mode 100755',
        '',
      ].join('\n'),
    )
  })
})
