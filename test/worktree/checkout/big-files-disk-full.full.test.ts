import { expect, it } from 'vitest'

import { canMount, createShell } from '../../support/shell.ts'

/** The pack and most of the file fit. */
const SCRIPT = `
dataset data > /dev/null
head -c 200000000 /dev/urandom > large && jzfs add large && jzfs commit -q -m large && rm large
head -c 50000000 /dev/zero > fill
jzfs restore large > out 2>&1; echo "exit $?"
grep -c 'no space left on the disk: .*large$' out
ls
rm fill && jzfs restore -q large 2> /dev/null && jzfs status --short | grep -v '^?'; stat -c %s large
`

it.skipIf(!canMount())('a big file that does not fit onto the disk is named, and is not there', () => {
  const { stdout, stderr } = createShell().runMounted('-t tmpfs -o size=420m tmpfs', SCRIPT)
  expect(stderr).toBe('')
  expect(stdout).toBe('exit 128\n1\nbig\nd\nfill\nout\n200000000\n')
})
