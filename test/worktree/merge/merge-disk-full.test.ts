import { expect, it } from 'vitest'

import { canMount, createShell } from '../../support/shell.ts'

/** The disk is full before the merge is recorded, then once it is: files of 2 MB do not fit. */
const SCRIPT = `
jzfs init -q data && cd data && echo base > text && jzfs add . && jzfs commit -q -m base || exit 90
jzfs switch -q -c side && head -c 2000000 /dev/urandom > big && echo theirs > text || exit 91
jzfs add . && jzfs commit -q -m side && jzfs switch -q main && echo ours > ours || exit 92
jzfs add . && jzfs commit -q -m ours || exit 93
head -c 100000000 /dev/zero > ../full 2> /dev/null
jzfs merge -q side; echo "status $?"
jzfs log -n 1 --format=%s; jzfs status --porcelain; ls .jzfs/tmp
truncate -s -600000 ../full
jzfs merge -q side; echo "status $?"
jzfs status --porcelain 2> /dev/null
rm ../full && jzfs merge side
jzfs status --porcelain && cat text && ls && jzfs log -n 1 --format=%s && jzfs verify > /dev/null && echo sound; ls .jzfs/tmp
`

it('a full disk ends a merge before it has happened, or the next command finishes it', ({ skip }) => {
  if (!canMount()) skip()
  const { stdout, stderr } = createShell().runMounted('-t tmpfs -o size=10m tmpfs', SCRIPT)
  expect(stdout).toBe(
    `status 128\nours\nstatus 128\nAlready up to date.\ntheirs\nbig\nours\ntext\nMerge branch 'side' into main\nsound\n`,
  )
  const said = stderr.split('\n').filter((line) => !line.startsWith('hint: '))
  expect(said).toEqual([
    expect.stringMatching(/^jzfs: no space left on the disk: \S*\/tmp\/pack-/),
    expect.stringMatching(/^jzfs: no space left on the disk: \S*\/big$/),
    'finished what was interrupted: jzfs merge -q side',
    '',
  ])
})
