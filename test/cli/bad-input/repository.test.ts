import { join } from 'node:path'

import { beforeEach, describe, expect, it } from 'vitest'

import { canSwitchUser, createShell, refusal, refused, type Shell } from '../../support/shell.ts'

const asOthers = canSwitchUser()

let shell: Shell
beforeEach(() => {
  shell = createShell()
})

describe('where no repository is', () => {
  it.each(['status', 'add .', 'commit -m x', 'log', 'diff', 'verify'])('%s says so', (command) => {
    expect(refused(shell.run(`jzfs ${command}`))).toEqual(
      refusal(128, /neither this folder nor .* is a repository: .*\/work$/, /jzfs init/),
    )
  })

  it('JZFS_DIR is named as what leads there', () => {
    const ended = shell.run('JZFS_DIR=/nowhere/data jzfs status')
    expect(refused(ended)).toEqual(refusal(128, /not a repository: \/nowhere\/data$/, /correct JZFS_DIR/))
  })

  it('a folder that was removed is no place to stand in', () => {
    const ended = shell.run('mkdir gone && cd gone && rmdir ../gone && jzfs status')
    expect(refused(ended)).toEqual(refusal(128, /the directory you stand in is gone/, /cd to one that exists/))
  })

  it('and the path is too long for a lock, init says so', () => {
    const names = Array.from({ length: 5 }, (_, index) => String(index).repeat(100))
    const ended = shell.run(`mkdir -p ${join(...names)} && cd ${join(...names)} && jzfs init`)
    expect(refused(ended)).toEqual(
      refusal(128, /the path is too long for a lock \(\d+ bytes\): .*lock\.db/, /nearer to the root/),
    )
  })

  it.skipIf(!asOthers)('for want of permissions, it is not called missing', () => {
    const ended = shell.run('dataset data; chmod 755 "$HOME" .. .; chmod 700 .jzfs; nobody status')
    expect(refused(ended)).toEqual(refusal(128, /permission denied: .*\.jzfs/, /check who owns/))
  })
})

describe('a repository', () => {
  it('of a newer format is refused, and left alone', () => {
    const ended = shell.run(`
      dataset data; sed -i 's/"core.format": 1/"core.format": 2/' .jzfs/config.json
      before=$(find . -type f -printf '%p %T@\\n' | sort)
      for command in status 'add .' 'commit --allow-empty -m x' log; do jzfs $command; echo $? >&2; done
      [ "$before" = "$(find . -type f -printf '%p %T@\\n' | sort)" ] || echo changed`)
    expect(ended.stdout).toBe('')
    expect(
      ended.stderr.match(/the repository has format 2, this jzfs knows up to 1: .*\.jzfs\nhint: upgrade jzfs\n128/g),
    ).toHaveLength(4)
  })

  it.each([
    [
      'a branch without a CID',
      'echo junk > .jzfs/refs/heads/main.ref',
      /refs\/heads\/main holds no CID/,
      /reflog .* `jzfs update-ref /,
    ],
    ['an empty branch file', ': > .jzfs/refs/heads/main.ref', /refs\/heads\/main holds no CID/, /`jzfs update-ref /],
    [
      'a HEAD that names nothing',
      'echo junk > .jzfs/HEAD',
      /HEAD names neither a branch nor a commit: .*HEAD$/,
      /logs\/HEAD.log/,
    ],
    ['no HEAD', 'rm .jzfs/HEAD', /has lost its HEAD: .*HEAD$/, /`jzfs init -b BRANCH`/],
    ['a cut configuration', "echo '{' > .jzfs/config.json", /not valid JSON: .*config.json, line 2/, /with an editor/],
    [
      'an unreadable operation',
      'echo junk > .jzfs/ops/pending.json',
      /the entry of an operation .*pending.json/,
      /move the file away/,
    ],
  ])('with %s says what is wrong, and how to mend it', (_, damage, message, hint) => {
    shell.run('dataset data')
    const ended = shell.run(`cd data; ${damage}; echo more > more; jzfs status`)
    expect(refused(ended)).toEqual(refusal(3, message, hint))
    expect(refused(shell.run('cd data; jzfs commit --allow-empty -m x'))).toEqual(refusal(3, message, hint))
  })

  it('is whole again after these remedies', () => {
    const ended = shell.run(`
      dataset data; tip=$(jzfs rev-parse HEAD)
      echo junk > .jzfs/refs/heads/main.ref; remedy=$(jzfs status 2>&1 | sed -n 's/.*\`\\(jzfs update-ref [^\`]*\\)\`.*/\\1/p')
      $remedy && [ "$(jzfs rev-parse HEAD)" = $tip ] || exit 1
      rm .jzfs/HEAD; jzfs init -q -b main && [ "$(jzfs rev-parse HEAD)" = $tip ] || exit 2
      echo junk > .jzfs/ops/pending.json; mv .jzfs/ops/pending.json ..; [ "$(jzfs rev-parse HEAD)" = $tip ] || exit 3
      jzfs verify > /dev/null && jzfs status --porcelain`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

describe('a damaged index', () => {
  const WARNING =
    /^warning: the index is damaged \(.*\), and made anew from HEAD: what was staged .* is not staged any more$/m

  it.each([
    ['with a flipped byte', 'printf X | dd of=.jzfs/index bs=1 seek=100 conv=notrunc status=none'],
    ['cut short', 'truncate -s -1 .jzfs/index'],
    ['empty', ': > .jzfs/index'],
    ['of another program', 'echo DIRC > .jzfs/index'],
  ])('%s is made anew from HEAD', (_, damage) => {
    shell.run(`dataset data; echo new > new; jzfs add new; ${damage}; cd ..; cp -a data committed; cp -a data added`)
    const warned = expect.stringMatching(WARNING) as string
    const status = shell.run('cd data; jzfs status --porcelain')
    expect(status).toMatchObject({ status: 0, stdout: '?? new\n', stderr: warned })
    expect(shell.run('cd committed; jzfs commit -m second')).toMatchObject({ status: 1, stderr: warned })

    const add = shell.run('cd added; jzfs add . && jzfs status --porcelain && jzfs commit -q -m second')
    expect(add).toMatchObject({ status: 0, stdout: 'A  new\n', stderr: warned })
    const after = shell.run('cd added; jzfs status --porcelain; jzfs cat HEAD:new HEAD:d/one')
    expect(after).toEqual({ status: 0, stdout: 'new\none\n', stderr: '' })
  })

  it.skipIf(!asOthers)('is not what an unreadable one is', () => {
    const ended = shell.run('dataset data; chmod 755 "$HOME" .. .; chmod 600 .jzfs/index; nobody status')
    expect(refused(ended)).toEqual(refusal(128, /permission denied: .*\.jzfs\/index$/, /check who owns/))
  })
})
