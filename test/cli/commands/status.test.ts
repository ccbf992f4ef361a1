import { expect, test } from 'vitest'

import { createShell } from '../../support/shell.ts'

test('-u without a mode shows every untracked file, and takes no path for one', () => {
  const shell = createShell()
  const { status, stdout, stderr } =
    shell.run(`mkdir data; cd data; jzfs init -q; mkdir -p d e; echo 1 > d/1; echo 2 > d/2; echo 3 > e/3
    jzfs status -s; jzfs status -s -u; jzfs status -s -u d; jzfs status -s -uno; jzfs status -s --untracked-files=no`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toBe('?? d/\n?? e/\n?? d/1\n?? d/2\n?? e/3\n?? d/1\n?? d/2\n')
})
