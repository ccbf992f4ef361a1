import { beforeEach, describe, expect, it } from 'vitest'

import { canSwitchUser, createShell, refusal, refused, type Shell } from '../../support/shell.ts'

const asOthers = canSwitchUser()

let shell: Shell
beforeEach(() => {
  shell = createShell()
  shell.run('dataset data; chmod 755 "$HOME" .. .')
})

/** What `add .` says beside a file that it can add, and what is staged then; and the same with `--ignore-errors`. */
function addBeside(setUp: string, { runAs = 'jzfs' } = {}) {
  const staged = () => shell.run('cd data; jzfs diff --cached --name-status; ls .jzfs/tmp')
  const prepared = shell.run(`cd data; echo fine > fine; ${setUp}`)
  const all = refused(shell.run(`cd data; ${runAs} add .`))
  const stagedFirst = staged()
  const { status, stderr } = shell.run(`cd data; ${runAs} add --ignore-errors .`)
  return { prepared, all, stagedFirst, rest: { status, stderr }, stagedThen: staged() }
}

/** What that shall be: nothing staged, then the rest. */
function leftOut(message: RegExp, hint: RegExp): ReturnType<typeof addBeside> {
  const quietly = (stdout: string) => ({ status: 0, stdout, stderr: '' })
  return {
    prepared: quietly(''),
    all: refusal(128, message, hint),
    stagedFirst: quietly(''),
    rest: { status: 1, stderr: expect.stringMatching(new RegExp(`^error: .*${message.source}`)) as string },
    stagedThen: quietly('A\tfine\n'),
  }
}

describe('add names, and leaves out with --ignore-errors,', () => {
  it.each([
    ['a name that is not UTF-8', `touch $'odd\\xff'`, /the name is not valid UTF-8: odd\\xff/, /rename it/],
    ['a symlink to such a name', `ln -s $'x\\xff' odd`, /leads to a name that is not UTF-8: odd/, /another target/],
    [
      'a nested repository',
      'jzfs init -q odd; touch odd/x',
      /there is another repository in this folder: odd/,
      /list the folder in \.jzfsignore/,
    ],
    [
      'a name that means the repository',
      'mkdir odd; touch odd/.JZFS',
      /the name means the folder of the repository itself: odd\/\.JZFS/,
      /rename it/,
    ],
    [
      'a name that needs quotes',
      `jzfs init -q $'odd\\n"name"'`,
      /in this folder: "odd\\n\\"name\\""/,
      /list the folder in \.jzfsignore/,
    ],
  ])('%s', (_, setUp, message, hint) => {
    expect(addBeside(setUp)).toEqual(leftOut(message, hint))
  })

  it.skipIf(!asOthers).each([
    [
      'a file',
      'echo x > secret; chown -R 65534 .; chown 0 secret; chmod 600 secret',
      /cannot be read \(permission denied\)/,
    ],
    ['a folder', 'mkdir secret; chown -R 65534 .; chown 0 secret; chmod 700 secret', /permission denied/],
  ])('%s that cannot be read', (_, setUp, message) => {
    const named = new RegExp(`${message.source}: .*/data/secret`)
    expect(addBeside(setUp, { runAs: 'nobody' })).toEqual(leftOut(named, /check who owns/))
  })
})

describe('what is neither a file, a folder nor a symbolic link', () => {
  const SOCKET = `"$NODE" -e 'require("net").createServer().listen("odd", () => process.reallyExit(0))'; [ -S odd ]`

  it.each([
    ['a FIFO', 'mkfifo odd'],
    ['a socket', SOCKET],
    ['a device', 'mknod odd c 1 3'],
  ])('%s is passed over, unless it is named', (_, setUp) => {
    // Not everywhere may a device be made.
    if (shell.run(`cd data; echo fine > fine; ${setUp}`).status !== 0) return
    const named = refused(shell.run('cd data; jzfs add fine odd'))
    expect(named).toEqual(refusal(128, /neither a file, a folder nor a symbolic link: odd/, /remove it/))
    const all = shell.run('cd data; jzfs status --porcelain; jzfs add . && jzfs status --porcelain')
    const notice = 'skipped: odd (neither file, folder nor symbolic link)\n'
    expect(all).toEqual({ status: 0, stdout: '?? fine\nA  fine\n', stderr: notice })
  })

  it('is told of once where there is more of it', () => {
    const { status, stderr } = shell.run(`cd data; mkfifo $'a\\nb' c d/e; jzfs add .`)
    expect([status, stderr]).toEqual([0, 'skipped: "a\\nb" and 2 more (neither file, folder nor symbolic link)\n'])
  })
})

describe('a file that another process', () => {
  it.each([
    ['writes to', 'while :; do printf x >> busy; done'],
    ['cuts and fills again', 'while :; do truncate -s 50M busy; truncate -s 100M busy; done'],
  ])('%s while it is read is refused; afterwards it is added', (_, writer) => {
    shell.run('cd data; truncate -s 100M busy')
    const ended = shell.run(
      `cd data; { ${writer}; } & writer=$!; sleep 0.2; jzfs add busy; status=$?; kill $writer; exit $status`,
    )
    expect(refused(ended)).toEqual(
      refusal(128, /the file changed while it was read, twice: .*\/busy/, /wait until nothing writes to it/),
    )
    expect(shell.run('cd data; jzfs status --porcelain; jzfs add busy && jzfs status --porcelain').stdout).toBe(
      '?? busy\nA  busy\n',
    )
  })

  it('removes while others are read is named, and nothing is staged', () => {
    const ended = shell.run(`
      cd data; for i in 1 2 3 4; do truncate -s 200M big$i; done; echo x > z
      (while [ ! -e .jzfs/tmp/pack-* ]; do :; done; rm big4) & jzfs add .; status=$?; wait; jzfs diff --cached --name-status; exit $status`)
    expect(refused(ended)).toEqual(
      refusal(128, /the file vanished before it was read: .*\/big4|the file changed while/, /run the command again/),
    )
  })

  it('changed, and that cannot be read now, does not keep status from answering', ({ skip }) => {
    if (!asOthers) skip('needs another user')
    const { status, stdout, stderr } = shell.run(
      'cd data; echo 0ne > d/one; chmod 600 d/one; echo more > more; nobody status --porcelain',
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: ' M d/one\n?? more\n' })
    expect(stderr).toMatch(/^warning: the file cannot be read \(permission denied\): .*\/d\/one\n$/)
  })
})

describe('a path', () => {
  it.each([
    ['outside', '../elsewhere', /the path is outside the repository: \.\.\/elsewhere/, /name a path below/],
    ['outside, absolute', '/etc/passwd', /the path is outside the repository: \/etc\/passwd/, /name a path below/],
    ['through a symlink', 'link/one', /the path is beyond a symbolic link, link: link\/one/, /the link itself/],
    ['through a symlink to the outside', 'out/passwd', /beyond a symbolic link, out: out\/passwd/, /the link itself/],
    ['that is not there', 'nothing', /nothing matches the pathspec: nothing/, /check its spelling/],
    ['that is not UTF-8', `$'no\\xffthing'`, /nothing matches the pathspec: no.thing/, /check its spelling/],
    ['with a line break', `$'no\\nthing'`, /nothing matches the pathspec: "no\\nthing"/, /check its spelling/],
    [
      'with a command to the terminal',
      `$'\\e[2Jx'`,
      /nothing matches the pathspec: "\\033\[2Jx"/,
      /check its spelling/,
    ],
    ['that is empty', '""', /the pathspec is empty/, /`\.` is the whole folder/],
  ])('%s is refused', (_, path, message, hint) => {
    const ended = shell.run(`cd data; ln -s d link; ln -s /etc out; echo new > new; jzfs add new ${path}`)
    expect(refused(ended)).toEqual(refusal(128, message, hint))
    expect(shell.run('cd data; jzfs diff --cached --name-status').stdout).toBe('')
  })

  it('that is not UTF-8 is refused once, by its bytes', () => {
    const ended = shell.run(`cd data; touch $'odd\\xff'; jzfs add $'odd\\xff'`)
    expect(refused(ended)).toEqual(refusal(128, /the name is not valid UTF-8: odd\\xff/, /rename it/))
  })

  it('of more than three thousand bytes is added, committed and shown', () => {
    const ended = shell.run(`
      cd data; top=$PWD; name=$(printf 'x%.0s' {1..200})
      while [ \${#PWD} -lt 3600 ]; do mkdir $name && cd $name; done; echo deep > deep; cd "$top"
      jzfs add . && jzfs commit -q -m deep && jzfs status --porcelain && jzfs diff --name-only HEAD~1 HEAD | tail -1 | wc -c`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(Number(ended.stdout)).toBeGreaterThan(3000)
  })

  it('too long for the system is named, and what is shorter can be added', () => {
    const ended = shell.run(`
      cd data; name=$(printf 'x%.0s' {1..200}); mkdir deep; cd deep
      for i in {1..25}; do mkdir $name && cd -P ./$name 2> /dev/null || cd $name; done; echo deep > deep`)
    expect(ended.status).toBe(0)
    expect(refused(shell.run('cd data; jzfs add .'))).toEqual(
      refusal(128, /the name is too long .*: .*xxx/, /shorten the name/),
    )
    expect(
      shell.run('cd data; echo fine > fine; jzfs add fine && jzfs status --porcelain 2> /dev/null').stdout,
    ).toContain('A  fine\n')
  })
})

describe('names', () => {
  it('with line breaks, quotes and backslashes are shown in quotes, in a status also with spaces, others as they are', () => {
    const ended = shell.run(`
      cd data; touch $'new\\nline' 'qu"ote' 'back\\slash' '😀' ' lead' -- '-dash'
      jzfs add -v -- . && jzfs status --porcelain && jzfs commit -q -m names && jzfs ls HEAD: | grep -v -e big -e 'd/'`)
    const names = [' lead', '-dash', '"back\\\\slash"', '"new\\nline"', '"qu\\"ote"', '😀']
    const inStatus = names.map((name) => name.replace(' lead', '" lead"'))
    expect(ended.stderr).toBe('')
    expect(ended.stdout).toContain(names.map((name) => `add ${name}\n`).join(''))
    expect(ended.stdout).toContain(inStatus.map((name) => `A  ${name}\n`).join(''))
  })

  it('.git folders are passed over with one notice each, unless they are asked for', () => {
    const ended = shell.run('cd data; git init -q .; git init -q d; jzfs add . && jzfs status --porcelain')
    const notices = 'skipped: .git (!.git in .jzfsignore keeps it)\nskipped: d/.git (!.git in .jzfsignore keeps it)\n'
    expect(ended).toMatchObject({ status: 0, stdout: '', stderr: notices.repeat(2) })
    const kept = shell.run('cd data; echo "!.git" > .jzfsignore; jzfs add . && jzfs status --porcelain')
    expect(kept).toMatchObject({ status: 0, stderr: '' })
    expect(kept.stdout).toContain('A  d/.git/HEAD\n')
  })
})

describe('a working tree that is removed while it is read', () => {
  it('ends the command, and does not come back', () => {
    const ended = shell.run(`
      dataset lost; for i in 1 2 3 4; do truncate -s 300M big$i; done
      (while [ ! -e .jzfs/tmp/pack-* ]; do :; done; rm -rf ../lost) & jzfs add .; status=$?; wait
      [ -e ../lost ] && find ../lost >&2; exit $status`)
    expect(ended.status).toBe(128)
    expect(ended.stderr).toMatch(/^(?:error: .*\n)*jzfs: .*\nhint: .*\n$/)
  })
})
