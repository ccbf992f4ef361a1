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
  /** The TCP ports that are configured, by their keys. */
  ports?: { key: 'network.port' | 'http.port'; port: number }[] | undefined
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
  for (const address of [...status.addresses, ...(status.http === undefined ? [] : [status.http])]) {
    const [, host, port] = /^(?:\/ip[46]\/|http:\/\/)([^/]+)(?:\/tcp\/|:)(\d+)/.exec(address) ?? []
    if (host === undefined || (await isAnswered(host, Number(port)))) continue
    const told = `the daemon says that it listens on ${address}, and nobody answers there`
    found.push(failure('port-unreachable', told, 'look for a firewall; then start it anew: `jzfs daemon restart`'))
  }
  return found.length > 0
    ? found
    : [sound('daemon', `runs (pid ${status.pid}, jzfs ${status.version}), and can be reached`)]
}

async function checkStopped(home: Home, { ports = [] }: DaemonFacts): Promise<DoctorFinding[]> {
  const found: DoctorFinding[] = []
  for (const { key, port } of ports) {
    const remedy = `end it, or choose another port: \`jzfs config --user ${key} 0\``
    const isKubos = KUBO_PORTS.has(port)
    if (port !== 0 && (await isAnswered('127.0.0.1', port))) {
      const whose = isKubos ? 'another program (Kubo, by default)' : 'another program'
      found.push(failure('port-taken', `${whose} listens on port ${port}, where the daemon shall (${key})`, remedy))
    } else if (isKubos) {
      found.push(warning('port-of-kubo', `port ${port} (${key}) is one of Kubo's: both cannot run at a time`, remedy))
    }
  }
  const last = Number(/\/tcp\/(\d+)/.exec(readDaemonState(home)?.addresses[0] ?? '')?.[1] ?? 0)
  const isConfigured = ports.some(({ key }) => key === 'network.port')
  if (!isConfigured && last !== 0 && (await isAnswered('127.0.0.1', last))) {
    const told = `another program listens on port ${last}, where the daemon did: it will be elsewhere`
    found.push(warning('last-port-taken', told, 'end it, or tell peers the new address: `jzfs id`'))
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
