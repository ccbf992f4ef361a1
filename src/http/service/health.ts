import { JzfsError } from '../../model/errors.ts'
import type { Daemon } from '../../node/daemon.ts'

/** Whether a daemon is alive and does its work. */
export interface Health {
  /** It answers: else nobody would say this. */
  live: true
  /** It listens, can read its home, and is not about to stop. */
  ready: boolean
  checks: HealthCheck[]
  /** What is published and cannot be served; the rest can, so it is ready all the same. */
  problems: number
}

/** One of the things that must hold. */
export interface HealthCheck {
  name: 'listening' | 'home' | 'running'
  ok: boolean
  /** What is wrong. */
  message?: string
}

/** Looks whether a daemon does its work. */
export async function healthOf(daemon: Pick<Daemon, 'node' | 'served' | 'isStopping'>): Promise<Health> {
  const checks: HealthCheck[] = []
  let problems = 0
  try {
    problems = (await daemon.served.list()).problems.length
    checks.push({ name: 'home', ok: true })
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    // Monitors elsewhere see it: what names the path is in the log, and `jzfs doctor` says it.
    checks.push({ name: 'home', ok: false, message: `what is published cannot be read: ${error.code}` })
  }
  const isListening = daemon.node.addresses().length > 0
  checks.push(
    isListening ? { name: 'listening', ok: true } : { name: 'listening', ok: false, message: 'nobody can connect' },
  )
  const isStopping = daemon.isStopping()
  checks.push(
    isStopping ? { name: 'running', ok: false, message: 'it is about to stop' } : { name: 'running', ok: true },
  )
  return { live: true, ready: checks.every(({ ok }) => ok), checks, problems }
}
