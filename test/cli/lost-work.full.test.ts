import { expect, test } from 'vitest'

import { createShell } from '../support/shell.ts'

const LIMIT_KIB = 512 * 1024

// Half of it is a hole, and every other megabyte is like another one, so that it needs little room.
test('a file of 4 GiB goes in and comes out within 512 MiB of memory', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = createShell().run(`mkdir huge; cd huge; jzfs init -q
    head -c 33554432 /dev/urandom > ../part
    for at in 0 31 64 65; do dd if=../part of=file bs=32M seek=$at conv=notrunc status=none; done
    truncate -s 4294967297 file; echo end | dd of=file bs=1 seek=4294967290 conv=notrunc status=none
    before=$(sha256sum < file)
    measured() { "$NODE" --import "data:text/javascript,process.on('exit',()=>{const s=process.getBuiltinModule('fs').readFileSync('/proc/self/status','utf8');console.error('peak',/VmHWM:\\s+(\\d+)/.exec(s)[1])})" "$MAIN" "$@" 2> ../err; grep '^peak' ../err; }
    measured add .; measured commit -q -m huge; rm file; measured restore .
    [ "$before" = "$(sha256sum < file)" ] && echo same; jzfs status --short`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toBe('same')
  const peaks = lines.filter((line) => line.startsWith('peak ')).map((line) => Number(line.slice(5)))
  expect(peaks).toHaveLength(3)
  for (const peak of peaks) expect(peak).toBeLessThan(LIMIT_KIB)
})
