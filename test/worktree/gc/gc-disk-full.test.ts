import { expect, it } from 'vitest'

import { canMount, createShell } from '../../support/shell.ts'

/** Records have expired before: only the copy of what is live, in a pack that holds garbage too, is left to fail. */
const SCRIPT = `
jzfs init -q || exit 90
head -c 1000000 /dev/urandom > kept && head -c 900000 /dev/urandom > lost
jzfs add . && jzfs restore --staged lost && rm lost && jzfs commit -q -m kept || exit 91
jzfs gc -q --no-prune --expire=now || exit 92
ls .jzfs/packs > "$HOME/before"
head -c 30000000 /dev/zero > filler 2>"$HOME/full"
jzfs gc --prune=now; echo "status $?"
ls .jzfs/packs | diff "$HOME/before" - && ls .jzfs/tmp && rm filler
jzfs verify >/dev/null && echo sound
jzfs gc -q --prune=now && jzfs verify > /dev/null && echo collected
ls .jzfs/packs | diff -q "$HOME/before" - > "$HOME/same" || echo replaced
`

it('a full disk in the middle loses nothing, is said, and leaves no temporary file', ({ skip }) => {
  if (!canMount()) skip()
  const { stdout, stderr } = createShell().runMounted('-t tmpfs -o size=16m tmpfs', SCRIPT)
  expect(stderr).toMatch(/^jzfs: no space left on the disk: \S*\/tmp\/pack-\S*\nhint: free some space/)
  expect(stdout).toBe('status 128\nsound\ncollected\nreplaced\n')
})
