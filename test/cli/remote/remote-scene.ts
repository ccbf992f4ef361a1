import { expect } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { openPairedHistory, type PairedHistory } from '../against-git/paired-history.ts'

/** One repository twice, in git and in ours, with remotes that nobody asks. */
export interface RemoteScene {
  history: PairedHistory
  tops: PairedHistory['tops']
  /** Runs a command of jzfs that must succeed; its standard output. */
  jzfs(args: string[]): Promise<string>
  /** Runs the same command of both. */
  both(args: string[]): Promise<void>
  /** Runs the same command of both (or, of ours, another one), whose output is the same but for the names of commits. */
  same(args: string[], ours?: string[]): Promise<string[]>
  /** What a command of jzfs says that is refused. */
  fails(args: string[]): Promise<string>
  /** Adds a remote whose branches, all at HEAD, have been fetched. */
  tracked(remote: string, branches: string[]): Promise<void>
  /** Compares all refs. */
  sameRefs(): Promise<void>
  /** What is in refs and configuration of ours. */
  state(): Promise<{ refs: string; settings: string }>
}

/** Makes one with a commit on `main`. */
export async function openRemoteScene(): Promise<RemoteScene> {
  const history = await openPairedHistory(() => 60)
  await history.commit()
  const jzfs = async (args: string[]): Promise<string> => (await history.jzfs(args)).stdout
  const both = async (args: string[]): Promise<void> => {
    history.git(args)
    await jzfs(args)
  }
  const same = async (args: string[], ours = args): Promise<string[]> => {
    const expected = history.positions(history.git(args))
    expect(history.positions(await jzfs(ours)), `git ${args.join(' ')}`).toEqual(expected)
    return expected
  }
  return {
    history,
    tops: history.tops,
    jzfs,
    both,
    same,
    async fails(args) {
      const { status, stderr } = await runHere(history.tops.ours, args)
      expect(status, `jzfs ${args.join(' ')}`).not.toBe(0)
      return stderr
    },
    async tracked(remote, branches) {
      await both(['remote', 'add', remote, `/data/${remote}`])
      for (const branch of branches) await both(['update-ref', `refs/remotes/${remote}/${branch}`, 'HEAD'])
    },
    sameRefs: async () => void (await same(['for-each-ref', '--format=%(refname) %(objectname)'])),
    async state() {
      const refs = await jzfs(['for-each-ref'])
      const settings = await jzfs(['config', '--list'])
      return {
        refs,
        settings: settings
          .split('\n')
          .filter((line) => /^(remote|branch)\./.test(line))
          .join('\n'),
      }
    },
  }
}
