import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a program without blocking this process, which has to answer meanwhile; its output. Throws where it fails. */
export async function runAside(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env } })
  const [output, errors] = await Promise.all([Array.fromAsync(child.stdout), Array.fromAsync(child.stderr)])
  if (child.exitCode === null) await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${errors.join('')}`)
  return output.join('')
}
