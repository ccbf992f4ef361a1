import { beforeEach, describe, expect, it } from 'vitest'

import { createShell, refusal, refused, type Shell } from '../../support/shell.ts'

let shell: Shell
beforeEach(() => {
  shell = createShell()
  shell.run('dataset data')
})

/** Starts a process that holds the lock, as a command would, until something is written to the FIFO; `holder` is its pid. */
const HOLD = `
  mkfifo ../go; cat > ../hold.mjs <<'PROGRAM'
import { DatabaseSync } from 'node:sqlite'
import { readFileSync, writeFileSync } from 'node:fs'
const database = new DatabaseSync('.jzfs/lock.db')
database.exec('BEGIN EXCLUSIVE')
writeFileSync(\`.jzfs/lock.db.\${process.pid}-1.holder\`, JSON.stringify({ pid: process.pid, command: 'jzfs switch other' }))
console.log('held')
readFileSync('../go')
PROGRAM
  exec 3< <("$NODE" ../hold.mjs 2> /dev/null); holder=$!; read -r line <&3; [ "$line" = held ] || exit 80
`

describe('two commands at once', () => {
  it.each(['add new', 'commit --allow-empty -m x', 'config user.name Bob'])(
    '%s waits a second, then names the first',
    (command) => {
      const ended = shell.run(`cd data; echo new > new; ${HOLD}
      before=$(date +%s%N); jzfs ${command}; status=$?; after=$(date +%s%N); echo > ../go
      echo $(( (after - before) / 900000000 )) > ../waited; echo $holder > ../holder; exit $status`)
      const holder = shell.run('cat holder').stdout.trim()
      const message = new RegExp(`at work here already: jzfs switch other \\(pid ${holder}\\)$`)
      expect(refused(ended)).toEqual(refusal(128, message, new RegExp(`wait until it is done.*kill ${holder}`)))
      expect(Number(shell.run('cat waited').stdout)).toBeGreaterThanOrEqual(1)
      expect(shell.run('cd data; jzfs status --porcelain').stdout).toBe('?? new\n')
    },
  )

  it('status and log do not wait, and do not write', () => {
    const ended = shell.run(`cd data; touch big; ${HOLD}
      before=$(stat -c %i .jzfs/index); jzfs status --porcelain -b && jzfs log --format=%s && jzfs config lock.waitMs > /dev/null
      [ $before = $(stat -c %i .jzfs/index) ] || echo written; ls .jzfs/*.holder | wc -l; echo > ../go`)
    expect(ended).toEqual({ status: 0, stdout: '## main\nfirst\n1\n', stderr: '' })
  })

  it('the second one gets its turn when the first is done in time', () => {
    const ended = shell.run(
      `cd data; echo new > new; ${HOLD} (sleep 0.3; echo > ../go) & jzfs add new && jzfs status --porcelain; wait $!`,
    )
    expect(ended).toEqual({ status: 0, stdout: 'A  new\n', stderr: '' })
  })

  it('twenty adds and commits at once all arrive', async () => {
    const ended = await shell.start(`
      cd data; jzfs config lock.waitMs 20000
      for i in {1..10}; do (echo $i > f$i; jzfs add f$i || echo failed $i) & (jzfs commit -q --allow-empty -m c$i || echo failed c$i) & done; wait
      jzfs add . && jzfs commit -q --allow-empty -m last; jzfs log --format=%s | wc -l; jzfs status --porcelain; jzfs verify > /dev/null`)
    expect(ended).toEqual({ status: 0, stdout: '12\n', stderr: '' })
  })
})

describe('output that nobody reads', () => {
  it('ends the command quietly', () => {
    const ended = shell.run(`
      cd data; for i in {1..3000}; do echo $i > file-with-a-long-name-$i; done
      for command in 'status --porcelain' 'status --json' 'add -v .' 'log -p' 'ls-files' 'diff --cached'; do jzfs $command | head -n 1 > /dev/null; echo \${PIPESTATUS[0]}; done`)
    expect(ended).toEqual({ status: 0, stdout: '0\n'.repeat(6), stderr: '' })
  })

  it('and talk that nobody reads does not keep the work from being done', () => {
    const ended = shell.run(
      'cd data; echo new > new; jzfs init -q odd; jzfs add --ignore-errors . 2>&1 >&- | true; jzfs status --porcelain 2> /dev/null',
    )
    expect(ended).toEqual({ status: 0, stdout: 'A  new\n', stderr: '' })
  })

  it('that a full disk does not take is an error', ({ skip }) => {
    if (shell.run('[ -c /dev/full ]').status !== 0) skip('there is no /dev/full here')
    expect(shell.run('cd data; jzfs log > /dev/full')).toEqual({
      status: 128,
      stdout: '',
      stderr:
        'jzfs: no space left on the disk: standard output\nhint: free some space on that disk and run the command again\n',
    })
  })
})

describe('an interruption', () => {
  const SETUP = 'cd data; head -c 300000000 /dev/urandom > huge; before=$(stat -c %i .jzfs/index)\n'
  const WHEN_READING = 'until ls .jzfs/tmp/pack-*.car > /dev/null 2>&1; do :; done'

  it.each(['INT', 'TERM'])('by SIG%s in the middle of add ends it with 130, and leaves nothing', (signal) => {
    const ended =
      shell.run(`${SETUP} "$NODE" "$MAIN" add . & add=$!; ${WHEN_READING}; kill -${signal} $add; wait $add; status=$?
      ls .jzfs/tmp; ls .jzfs/*.holder 2> /dev/null; [ $before = $(stat -c %i .jzfs/index) ] || echo staged; jzfs status --porcelain; exit $status`)
    expect(ended).toEqual({ status: 130, stdout: '?? huge\n', stderr: 'jzfs: interrupted\n' })
  })

  it('by SIGKILL leaves what the next writer removes', () => {
    const ended =
      shell.run(`${SETUP} "$NODE" "$MAIN" add . & add=$!; ${WHEN_READING}; kill -KILL $add; wait $add 2> /dev/null
      [ $before = $(stat -c %i .jzfs/index) ] || echo staged
      jzfs status --porcelain; rm huge; echo new > new; jzfs add . && ls .jzfs/tmp .jzfs/*.holder 2> /dev/null; jzfs status --porcelain; jzfs verify > /dev/null`)
    expect(ended).toMatchObject({ status: 0, stdout: '?? huge\n.jzfs/tmp:\nA  new\n' })
  })
})
