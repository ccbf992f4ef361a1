import { once } from 'node:events'

import type { Config } from '../repo/config/config.ts'
import type { Context } from './context.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs `work` with a terminal whose output goes through the pager: `JZFS_PAGER`, the configuration's `pager`, `PAGER`, or
 * `less`; an empty one means none. Where standard output is no terminal, `work` gets the plain one.
 */
export async function withPager(
  context: Context,
  config: Pick<Config, 'get'> | undefined,
  work: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const { terminal, env } = context
  const pager = config?.get('pager') ?? env['PAGER'] ?? 'less'
  if (!terminal.interactive || pager === '' || pager === 'cat') return work(terminal)
  // Loaded only here: it takes Node longer than many a command takes.
  const { spawn } = await import('node:child_process')
  const child = spawn(pager, {
    shell: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    // As git: quit if it fits one screen, keep colours, leave the screen as it is.
    env: { ...env, LESS: env['LESS'] ?? 'FRX' },
  })
  const ended = once(child, 'close')
  let hasQuit = false
  child.stdin.on('error', () => (hasQuit = true))
  const out = async (text: string | Uint8Array): Promise<void> => {
    if (!hasQuit && !child.stdin.write(text)) {
      await Promise.race([once(child.stdin, 'drain').catch(() => (hasQuit = true)), ended])
    }
    if (hasQuit || child.exitCode !== null) throw new PagerQuit()
  }
  try {
    await work({ ...terminal, out, json: (value) => terminal.json(value) })
  } catch (error) {
    if (!(error instanceof PagerQuit)) throw error
  } finally {
    child.stdin.end()
    await ended
  }
}

/** The reader has seen enough: that ends the work, and is no error. */
class PagerQuit extends Error {}
