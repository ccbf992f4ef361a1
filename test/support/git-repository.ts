import { execFileSync, spawnSync } from 'node:child_process'

import { temporaryFolder } from './repository.ts'

/** A repository of real git in a folder that goes when the test ends. */
export interface GitRepository {
  folder: string
  /** Runs a command and returns what it printed; throws where it fails. */
  git(...args: string[]): string
  /** The same, whatever its end. */
  tryGit(...args: string[]): { status: number | null; stdout: string; stderr: string }
}

/** Makes one with a branch `main` and a fixed author. */
export function temporaryGitRepository({ bare = false }: { bare?: boolean } = {}): GitRepository {
  const folder = temporaryFolder()
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe', env: GIT_ENVIRONMENT } as const
  execFileSync('git', ['init', '-q', '-b', 'main', ...(bare ? ['--bare'] : [])], options)
  return {
    folder,
    git: (...args) => execFileSync('git', args, options),
    tryGit: (...args) => spawnSync('git', args, options),
  }
}

const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.org',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.org',
  GIT_AUTHOR_DATE: '2026-01-02T03:04:05+01:00',
  GIT_COMMITTER_DATE: '2026-01-02T03:04:05+01:00',
}
