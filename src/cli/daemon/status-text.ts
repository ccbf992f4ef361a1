import type { DaemonStatus } from '../../http/control-api.ts'
import { formatBytes } from '../progress.ts'

/** What a daemon says of itself, for people. */
export function statusText(status: DaemonStatus): string {
  const { pid, version, startedAt, uptimeSeconds, peerId, bytes, served, log } = status
  const lines = [
    `pid ${pid}, jzfs ${version}, since ${startedAt} (${durationText(uptimeSeconds)}), ${formatBytes(status.memoryBytes)} of memory`,
    `peer ${peerId}, ${count(status.connections, 'connection')}, ${count(status.streams, 'stream')}`,
    ...status.addresses.map((address) => `listening on ${address}`),
    ...(status.http === undefined ? [] : [`listening on ${status.http}`]),
    `received ${formatBytes(bytes.received)}, sent ${formatBytes(bytes.sent)}`,
    `served ${count(served.served, 'exchange')}, ${count(served.blocks, 'block')}; refused ${served.refused}, failed ${served.failed}`,
    ...status.names.map((name) => `serving ipns://${name}`),
    ...status.problems.map(({ name, message }) => `problem with ${name}: ${message}`),
    `log ${log}`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `3 d 4 h`, `12 min 5 s`: the two greatest units. */
export function durationText(seconds: number): string {
  const units = [
    { name: 'd', size: 86_400 },
    { name: 'h', size: 3600 },
    { name: 'min', size: 60 },
    { name: 's', size: 1 },
  ]
  const first = units.findIndex(({ size }) => seconds >= size)
  if (first === -1) return '0 s'
  let rest = seconds
  return units
    .slice(first, first + 2)
    .flatMap(({ name, size }, at) => {
      const number = Math.floor(rest / size)
      rest -= number * size
      return number === 0 && at > 0 ? [] : [`${number} ${name}`]
    })
    .join(' ')
}
