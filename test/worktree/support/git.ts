import { spawnSync } from 'node:child_process'

/** Runs git without any configuration of this machine and returns its standard output as bytes. */
export function git(
  directory: string,
  args: readonly string[],
  input?: string | Uint8Array,
  env: Record<string, string> = {},
): Buffer {
  const result = spawnSync('git', args, {
    cwd: directory,
    input: input ?? '',
    maxBuffer: 2 ** 28,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
      LC_ALL: 'C',
      ...env,
    },
  })
  if (result.error !== undefined) throw result.error
  // check-ignore exits with 1 where nothing is ignored.
  if (result.status !== 0 && result.status !== 1) throw new Error(`git ${args.join(' ')}: ${result.stderr.toString()}`)
  return result.stdout
}
