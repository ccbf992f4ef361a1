import { connect } from 'node:net'

import type { AbortOptions } from '../../model/block.ts'
import { type DoctorFinding, failure, findingOf, sound, warning } from '../../node/doctor/finding.ts'
import { readDaemonState } from '../../node/home/daemon-state.ts'
import type { Home } from '../../node/home/home.ts'
import { lockHolders } from '../../store/lock/lock-holder.ts'
import type { DaemonStatus } from '../control-api.ts'
import { connectControl } from '../control-client.ts'

/** What is compared with the daemon. */
export interface DaemonFacts extends AbortOptions {
  /** The version of this program. */
  version: string
  /** The TCP port that is configured, if one is. */
  port?: number | undefined
}

/** Ports of Kubo's own: swarm, API, gateway. */
const KUBO_PORTS = new Set([4001, 5001, 8080])

/** How long the daemon, or a port, may take to answer, in milliseconds. */
const ANSWER_WAIT_MS = 5000

/** What was found, and whether a daemon runs. */
export interface CheckedDaemon {
  findings: DoctorFinding[]
  isRunning: boolean
}

/** Looks at the daemon of a home: whether it answers, is of this version and can be reached; else whether its port is free. */
export async function checkDaemon(home: Home, facts: DaemonFacts): Promise<CheckedDaemon> {
  const late = AbortSignal.timeout(ANSWER_WAIT_MS)
  const signal = facts.signal === undefined ? late : AbortSignal.any([facts.signal, late])
  let status: DaemonStatus | undefined
  try {
    status = await (await connectControl(home, { signal }))?.status({ signal })
  } catch (error) {
    facts.signal?.throwIfAborted()
    return { findings: [late.aborted ? silent(home) : findingOf(error)], isRunning: true }
  }
  const findings = status === undefined ? await checkStopped(home, facts) : await checkRunning(status, facts)
  return { findings, isRunning: status !== undefined }
}

function silent(home: Home): DoctorFinding {
  const pid = lockHolders(home.layout.daemonLock)[0]?.pid ?? readDaemonState(home)?.pid
  return failure(
    'daemon-silent',
    `the daemon does not answer (pid ${pid})`,
    `end it: kill ${pid}; at last: kill -9 ${pid}`,
  )
}

async function checkRunning(status: DaemonStatus, { version }: DaemonFacts): Promise<DoctorFinding[]> {
  const found: DoctorFinding[] = []
  if (status.version !== version) {
    const told = `the daemon is jzfs ${status.version}, this is ${version}`
    found.push(warning('daemon-version-differs', told, 'start it anew: `jzfs daemon restart`'))
  }
  for (const address of status.addresses) {
    const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/.exec(address) ?? []
    if (host === undefined || (await isAnswered(host, Number(port)))) continue
    const told = `the daemon says that it listens on ${address}, and nobody answers there`
    found.push(failure('port-unreachable', told, 'look for a firewall; then start it anew: `jzfs daemon restart`'))
  }
  return found.length > 0
    ? found
    : [sound('daemon', `runs (pid ${status.pid}, jzfs ${status.version}), and can be reached`)]
}

async function checkStopped(home: Home, { port }: DaemonFacts): Promise<DoctorFinding[]> {
  const last = readDaemonState(home)
  const lastPort = Number(/\/tcp\/(\d+)/.exec(last?.addresses[0] ?? '')?.[1] ?? 0)
  const wanted = port ?? lastPort
  const found: DoctorFinding[] = []
  if (wanted !== 0 && (await isAnswered('127.0.0.1', wanted))) {
    const whose = KUBO_PORTS.has(wanted) ? 'another program (Kubo, by default)' : 'another program'
    const told = `${whose} listens on port ${wanted}, where the daemon would`
    const remedy = 'end it, or choose another port: `jzfs config --user network.port 0`'
    found.push(port === undefined ? warning('port-taken', told, remedy) : failure('port-taken', told, remedy))
  } else if (port !== undefined && KUBO_PORTS.has(port)) {
    const told = `port ${port} is one of Kubo's: both cannot run at a time`
    found.push(warning('port-of-kubo', told, 'choose another port: `jzfs config --user network.port 0`'))
  }
  return [...found, sound('daemon', 'none runs: nobody can reach this node')]
}

function isAnswered(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (answered: boolean) => (): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(ANSWER_WAIT_MS, settle(false)).once('connect', settle(true)).once('error', settle(false))
  })
}
