import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

import type { Context } from './context.ts'

/** The node home: `$JZFS_HOME`, by default the platform's directory for data of programs. */
export function homeDirectory({ env, cwd }: Pick<Context, 'env' | 'cwd'>): string {
  const given = env['JZFS_HOME'] ?? ''
  if (given !== '') return resolve(cwd, given)
  const user = env['HOME'] ?? homedir()
  if (process.platform === 'darwin') return join(user, 'Library', 'Application Support', 'jzfs')
  const data = env['XDG_DATA_HOME'] ?? ''
  return join(data === '' ? join(user, '.local', 'share') : data, 'jzfs')
}

/** The user's configuration file: it lies in the node home. */
export function userConfigFile(context: Pick<Context, 'env' | 'cwd'>): string {
  return join(homeDirectory(context), 'config.json')
}
