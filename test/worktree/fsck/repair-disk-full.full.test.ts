import { expect, it } from 'vitest'

import { canMount, createShell } from '../../support/shell.ts'

/** The pack is damaged, and there is no room for another one with what is sound in it. */
const SCRIPT = `
jzfs init -q || exit 90
head -c 6000000 /dev/urandom > data && jzfs add . && jzfs commit -q -m data || exit 91
pack=$(ls -S .jzfs/packs/*.car | head -n 1)
printf 'damaged' | dd of=$pack bs=1 seek=3000000 conv=notrunc status=none
ls -i .jzfs/packs > "$HOME/before"
head -c 30000000 /dev/zero > filler 2>"$HOME/full"
jzfs fsck --repair -q; echo "status $?"
ls -i .jzfs/packs | diff "$HOME/before" - && ls .jzfs/tmp && rm filler
jzfs fsck --repair -q > /dev/null && jzfs fsck -q && echo repaired
`

it('a full disk in the middle of a repair loses nothing, and is said', ({ skip }) => {
  if (!canMount()) skip()
  const { stdout, stderr } = createShell().runMounted('-t tmpfs -o size=24m tmpfs', SCRIPT)
  expect(stderr).toMatch(/^jzfs: no space left on the disk: \S*\nhint: free some space/)
  expect(stdout).toBe('status 128\nrepaired\n')
})
