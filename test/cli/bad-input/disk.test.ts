import { beforeEach, describe, expect, it } from 'vitest'

import { canMount, createShell, refusal, refused, type Shell } from '../../support/shell.ts'

const mounts = canMount()

let shell: Shell
beforeEach(() => {
  shell = createShell()
})

/** Fills the file system that one stands in to its last byte. */
const FILL = 'head -c 100000000 /dev/zero > fill 2> /dev/null;'

describe.skipIf(!mounts)('a full disk', () => {
  const onSmallDisk = (script: string) => shell.runMounted('-t tmpfs -o size=8m tmpfs', script)

  it.each([
    ['init', `${FILL} jzfs init`, /no space left on the disk: /],
    [
      'add',
      `dataset data; head -c 3000000 /dev/urandom > more; ${FILL} jzfs add more`,
      /no space left on the disk: .*\.jzfs\/tmp\/pack-/,
    ],
    [
      'add of too much',
      'dataset data; head -c 3000000 /dev/urandom > more; cat more big > big2 2> /dev/null; jzfs add more big2',
      /no space left on the disk: .*\.jzfs\/tmp\/pack-/,
    ],
    [
      'commit',
      `dataset data; echo 1ne > d/one; jzfs add d; ${FILL} jzfs commit -m second`,
      /no space left on the disk: .*\.jzfs\/tmp\/pack-/,
    ],
    ['config', `dataset data; ${FILL} jzfs config user.name Bob`, /no space left on the disk: .*\.jzfs\/config\.json/],
  ])('ends %s', (_, script, message) => {
    expect(refused(onSmallDisk(script))).toEqual(refusal(128, message, /free some space/))
  })

  it('does not keep status, log and diff from answering', () => {
    const ended = onSmallDisk(`
      dataset data; echo 1ne > d/one; touch big; ${FILL} rm -f nothing
      jzfs status --porcelain | grep -v fill; jzfs log --format=%s; jzfs diff --name-only`)
    expect(ended).toEqual({ status: 0, stdout: ' M d/one\nfirst\nd/one\n', stderr: '' })
  })

  it('leaves all as it was, and everything works once there is space', () => {
    const ended = onSmallDisk(`
      dataset data; before=$(jzfs rev-parse HEAD); jzfs diff --cached --name-status
      head -c 2000000 /dev/urandom > more; ${FILL}
      jzfs add more; jzfs commit -a -m x > /dev/null; jzfs status --porcelain; ls .jzfs/tmp
      [ "$before" = "$(jzfs rev-parse HEAD)" ] || echo moved
      rm fill; jzfs add more && jzfs commit -q -m second && jzfs verify > /dev/null && jzfs status --porcelain; ls .jzfs/tmp`)
    expect(ended).toMatchObject({ status: 0, stdout: '?? fill\n?? more\n' })
  })

  it('lets an init be repeated', () => {
    const ended = onSmallDisk(
      `mkdir data; ${FILL} jzfs init -q data; rm fill; jzfs init -q data && cd data && jzfs status --porcelain`,
    )
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })
})

describe.skipIf(!mounts)('a read-only file system', () => {
  const onReadOnly = (script: string) => {
    shell.run('dataset data; echo 1ne > d/one; touch big')
    return shell.runMounted(
      `--bind '${shell.folder}'`,
      `mount -o remount,bind,ro "$PWD" && cd data || exit 94\n${script}`,
    )
  }

  it.each([
    ['add', 'jzfs add d'],
    ['commit', 'jzfs commit --allow-empty -m x'],
    ['init', 'jzfs init other'],
    ['config', 'jzfs config user.name Bob'],
  ])('is named by %s', (_, script) => {
    expect(refused(onReadOnly(script))).toEqual(refusal(128, /the file system is read-only: .*/, /mount it writable/))
  })

  it('is read by status, log, diff, cat and verify', () => {
    const ended = onReadOnly(
      'jzfs status --porcelain && jzfs log --format=%s && jzfs diff --name-only && jzfs cat HEAD:d/one && jzfs verify > /dev/null && jzfs add big',
    )
    expect(ended).toEqual({ status: 0, stdout: ' M d/one\nfirst\nd/one\none\n', stderr: '' })
  })
})

describe('a damaged store', () => {
  /** The pack with the files, and a block of `big`, by the letters in it. */
  const DAMAGED = `dataset data; pack=$(grep -l xxxx .jzfs/packs/*.car); other=$(ls .jzfs/packs/*.car | grep -v $pack)\n`
  const FLIP = `printf X | dd of=$pack bs=1 seek=1500000 conv=notrunc status=none\n`

  it('with a flipped byte: cat refuses the block, verify names the path, adding the file again mends it', () => {
    const refusing = shell.run(`${DAMAGED + FLIP} jzfs cat HEAD:big > ../copy`)
    expect(refused(refusing)).toEqual(
      refusal(3, /block bafkrei\w+ is corrupt in .*\.car/, /add the file it belongs to again/),
    )
    const verified = shell.run('cd data; jzfs verify')
    expect(verified).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^corrupt bafkrei\w+: big, commit/m) as string,
    })
    const mended = shell.run(
      'cd data; jzfs add big && jzfs cat HEAD:big | cmp - big && jzfs verify --no-store > /dev/null',
    )
    expect(mended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it.each([
    ['cut by a byte', 'truncate -s -1 $pack'],
    ['cut in half', 'truncate -s 1500000 $pack'],
    ['empty', ': > $pack'],
    [
      'overwritten at its end',
      'yes | head -c 200 | dd of=$pack bs=1 seek=$(($(stat -c %s $pack) - 200)) conv=notrunc status=none',
    ],
  ])('with a pack that is %s: what is in it is refused, what is not is served, adding again mends it', (_, damage) => {
    const status = shell.run(`${DAMAGED + damage}; jzfs status --porcelain && jzfs log --format=%s`)
    expect(status).toEqual({ status: 0, stdout: 'first\n', stderr: '' })
    const ended = refused(shell.run('cd data; jzfs cat HEAD:d/one'))
    expect(ended).toEqual(refusal(3, /damaged pack .*\.car: /, /`jzfs verify`/))
    expect(shell.run('cd data; jzfs verify')).toMatchObject({ status: 3 })
    const mended = shell.run(
      'cd data; jzfs add big d/one d/two && jzfs cat HEAD:big HEAD:d/one HEAD:d/two | cmp - <(cat big d/one d/two)',
    )
    expect(mended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('without a pack: what is missing is named, the rest works, adding again mends it', () => {
    shell.run(`${DAMAGED} mv $pack ..`)
    expect(refused(shell.run('cd data; jzfs cat HEAD:d/one'))).toEqual(
      refusal(128, /block bafkrei\w+ is not here/, /fetch it from a peer that has it, or add the file/),
    )
    expect(shell.run('cd data; jzfs verify')).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^missing bafkrei\w+: d\/one, /m) as string,
    })
    const worked = shell.run(
      'cd data; echo 2wo > d/two; jzfs add . && jzfs commit -q -m second && jzfs status --porcelain',
    )
    expect(worked).toEqual({ status: 0, stdout: '', stderr: '' })
    const mended = shell.run(
      'cd data; jzfs add big d/one && jzfs cat HEAD:big HEAD:d/one HEAD:d/two | cmp - <(cat big d/one d/two)',
    )
    expect(mended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('without the commit itself: HEAD is named, and nothing is written over it', () => {
    const message = /block baguqeera\w+ is not here/
    shell.run(`${DAMAGED} mv $other ..`)
    for (const command of ['status', 'log', 'commit --allow-empty -m x', 'commit --amend -m x']) {
      expect({ command, ...refused(shell.run(`cd data; jzfs ${command}`)) }).toEqual({
        command,
        ...refusal(128, message, /fetch it from a peer/),
      })
    }
    expect(shell.run('cd data; mv ../*.car .jzfs/packs && jzfs status --porcelain && jzfs verify > /dev/null')).toEqual(
      { status: 0, stdout: '', stderr: '' },
    )
  })
})

describe('few file descriptors', () => {
  it('suffice for everything, with a dozen packs', () => {
    const ended = shell.run(`
      dataset data
      for i in {1..12}; do mkdir ../copy$i && (cd ../copy$i && jzfs init -q && echo $i > n && jzfs add n) && mv ../copy$i/.jzfs/packs/*.car .jzfs/packs && echo $i > n$i || exit 80; done
      [ $(ls .jzfs/packs | wc -l) -gt 12 ] || exit 81
      ulimit -n 50
      head -c 20000000 /dev/urandom > huge
      jzfs add . && jzfs status --porcelain | wc -l && jzfs verify > /dev/null && jzfs cat HEAD:d/one && jzfs diff --cached --name-only | wc -l &&
      jzfs commit -q -m many && jzfs verify > /dev/null && jzfs switch -q -c other && jzfs log --format=%s && jzfs status --porcelain`)
    expect(ended).toEqual({ status: 0, stdout: '13\none\n13\nmany\nfirst\n', stderr: '' })
  })
})
