import { beforeEach, describe, expect, test } from 'vitest'

import { createShell, type Shell } from '../support/shell.ts'

/** The ways in which tools of this kind have lost data, one test each. Others stand with what they are about. */
let shell: Shell
beforeEach(() => {
  shell = createShell()
})

/** Runs a script that must say nothing on stderr; its standard output. */
function output(script: string): string {
  const { status, stdout, stderr } = shell.run(script)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

describe('nothing is lost', () => {
  test('restore of a folder keeps the untracked files in it', () => {
    const seen = output(
      'dataset data; echo mine > d/untracked; echo changed > d/one; jzfs restore d; cat d/untracked d/one',
    )
    expect(seen).toBe('mine\none\n')
  })

  test('rm -r leaves untracked files, and no removed entry comes back', () => {
    const seen = output(
      'dataset data; echo mine > d/untracked; jzfs rm -q -r d; ls d; jzfs status --short; jzfs commit -q -m gone; jzfs status --short; jzfs ls HEAD',
    )
    expect(seen).toBe('untracked\nD  d/one\nD  d/two\n?? d/\n?? d/\nbig\n')
  })

  test('a file gives way to a folder of its name and comes back', () => {
    const seen = output(`dataset data
      rm d/one; mkdir d/one; echo inside > d/one/inside
      jzfs add .; jzfs commit -q -m folder; jzfs switch -q -d HEAD^; cat d/one
      jzfs switch -q main; cat d/one/inside; rm -r d/one; echo one > d/one
      jzfs add .; jzfs commit -q -m file; jzfs status --short; jzfs cat HEAD:d/one`)
    expect(seen).toBe('one\ninside\none\n')
  })

  test('a change of equal size under equal times is seen', () => {
    const seen = output(`dataset data
      touch -d '2020-01-01' d/one; jzfs add .; jzfs status --short
      cp --preserve=timestamps d/one stamp; echo 1ne > d/one; touch -r stamp d/one; rm stamp
      jzfs status --short; jzfs add .; jzfs commit -q -m changed; jzfs cat HEAD:d/one`)
    expect(seen).toBe(' M d/one\n1ne\n')
  })

  test('names with comma, quote, backslash and newline go out and come back', () => {
    const seen = output(`mkdir odd; cd odd; jzfs init -q
      for name in 'a,b' 'a"b' "a'b" 'a\\b' $'a\\nb' ' a ' '-a' 'a*'; do echo "$name" > "./$name"; done
      jzfs add .; jzfs commit -q -m odd; rm -- *; jzfs restore .
      for name in 'a,b' 'a"b' "a'b" 'a\\b' $'a\\nb' ' a ' '-a' 'a*'; do [ "$(cat "./$name")" = "$name" ] || echo "lost $name"; done
      jzfs status --short`)
    expect(seen).toBe('')
  })

  test('files of sizes at the bounds of chunks come back byte for byte', () => {
    const seen = output(`mkdir sizes; cd sizes; jzfs init -q
      for size in 0 1 1048575 1048576 1048577 2097151 2097152 2097153; do head -c $size /dev/urandom > f$size; done
      sha256sum f* > ../sums; jzfs add .; jzfs commit -q -m sizes; rm f*; jzfs restore .
      sha256sum --quiet -c ../sums; jzfs status --short`)
    expect(seen).toBe('')
  })

  test('a moved folder with local changes keeps them', () => {
    const seen = output('dataset data; echo more >> d/one; jzfs mv d e; cat e/one; jzfs status --short')
    expect(seen).toBe('one\nmore\nRM d/one -> e/one\nR  d/two -> e/two\n')
  })

  test('a merge of what has no common history deletes nothing', () => {
    const seen = output(`dataset data
      jzfs switch -q --orphan other; echo else > else; mkdir -p d; echo three > d/three; jzfs add .; jzfs commit -q -m root
      jzfs merge -q main 2>/dev/null || echo refused; ls -R; jzfs status --short
      jzfs merge -q --allow-unrelated-histories -m both main; cat d/one d/two d/three else; jzfs status --short`)
    expect(seen).toBe('refused\n.:\nd\nelse\n\n./d:\nthree\none\ntwo\nthree\nelse\n')
  })

  test('a merge does not go over untracked files, nor over changes', () => {
    const { status, stdout, stderr } = shell.run(`dataset data; jzfs switch -q -c side
      echo theirs > new; echo theirs > d/one; jzfs add .; jzfs commit -q -m side; jzfs switch -q main
      echo mine > new; jzfs merge side; echo $?; cat new; rm new
      echo mine > d/one; jzfs merge side; echo $?; cat d/one; jzfs status --short`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '1\nmine\n1\nmine\n M d/one\n' })
    expect(stderr).toMatch(/new[^]*d\/one/)
  })

  test('a stash that meets a conflict is kept, and so is the conflict', () => {
    const seen = output(`dataset data; echo stashed > d/one; jzfs stash push -q
      echo other > d/one; jzfs add .; jzfs commit -q -m other
      jzfs stash pop -q >/dev/null 2>&1; jzfs stash list | wc -l; jzfs status --short
      jzfs stash push -q 2>/dev/null || echo refused; jzfs stash list | wc -l; jzfs cat stash@{0}:d/one`)
    expect(seen).toBe('1\nUU d/one\nrefused\n1\nstashed\n')
  })
})
