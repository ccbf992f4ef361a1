import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** One run of a command: wall-clock seconds, and the peak resident memory of its process in bytes. */
export interface Run {
  seconds: number
  peakBytes: number
}

export interface CommandLine {
  argv: string[]
  cwd: string
  env?: NodeJS.ProcessEnv
}

/**
 * Runs commands one after the other and times them together, `sync` included where `durable` is set: then the time is
 * that until the data is on disk, for tools that sync and for those that do not.
 */
export async function timeCommands(commands: CommandLine[], options: { durable?: boolean } = {}): Promise<Run> {
  if (options.durable === true) spawnSync('sync')
  const started = process.hrtime.bigint()
  let peakBytes = 0
  for (const command of commands) peakBytes = Math.max(peakBytes, await runOnce(command))
  if (options.durable === true) spawnSync('sync')
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, peakBytes }
}

async function runOnce({ argv, cwd, env }: CommandLine): Promise<number> {
  const [file, ...args] = argv
  const child = spawn(file!, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (piece: Buffer) => (complaint = (complaint + piece.toString()).slice(-2000)))
  const memory = watchPeak(child)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${complaint}`)
  return memory.stop()
}

/** Watches a process' high-water mark of resident memory (Linux; 0 elsewhere), read every 20 ms while it lives. */
export function watchPeak(child: Pick<ChildProcess, 'pid'>): { stop(): number } {
  let peakBytes = 0
  const look = () => {
    try {
      const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1]
      peakBytes = Math.max(peakBytes, Number(kilobytes ?? 0) * 1024)
    } catch {
      // The process has ended, or this system has no /proc.
    }
  }
  const timer = setInterval(look, 20)
  return {
    stop: () => {
      look()
      clearInterval(timer)
      return peakBytes
    },
  }
}

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
