import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'

import { counted } from '../../model/counted.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { type DoctorFinding, failure, findingOf, sound, warning } from './finding.ts'

/** What is known of the machine from outside. */
export interface MachineFacts {
  /** `process.versions.node`. */
  nodeVersion: string
  /** Files that a process may have open; undefined where that is not known. */
  openFilesLimit: number | undefined
  now: Date
}

const LEAST_NODE = 24

/** A daemon with 256 connections has about 300 open files. */
const WANTED_OPEN_FILES = 1024
const LEAST_OPEN_FILES = 256

const GIB = 1_073_741_824
const MIB = 1_048_576

/** How far the clocks of process and file system may be apart, in milliseconds: some keep whole seconds. */
const MAX_CLOCK_DIFFERENCE_MS = 2500

/** Looks at what the machine gives: Node, open files, the disk of the home and its clock. */
export async function checkMachine(directory: string, facts: MachineFacts): Promise<DoctorFinding[]> {
  return [checkNode(facts), checkOpenFiles(facts), await checkDisk(directory), await checkClock(directory, facts.now)]
}

function checkNode({ nodeVersion }: MachineFacts): DoctorFinding {
  if (Number.parseInt(nodeVersion, 10) >= LEAST_NODE) return sound('node', `Node ${nodeVersion}`)
  return failure('node-too-old', `Node ${nodeVersion} is too old`, `install Node ${LEAST_NODE} or newer`)
}

function checkOpenFiles({ openFilesLimit }: MachineFacts): DoctorFinding {
  if (openFilesLimit === undefined) return sound('open-files', 'the limit of open files is not known here')
  if (openFilesLimit === Number.MAX_SAFE_INTEGER) return sound('open-files', 'as many as there may be')
  const message = counted(openFilesLimit, 'open file')
  if (openFilesLimit >= WANTED_OPEN_FILES) return sound('open-files', message)
  const remedy = `raise the limit: ulimit -n ${4 * WANTED_OPEN_FILES}, or LimitNOFILE= of the systemd unit; or lower \`network.maxConnections\``
  const told = `a process may have only ${message}`
  return openFilesLimit < LEAST_OPEN_FILES
    ? failure('open-files-too-few', told, remedy)
    : warning('open-files-few', told, remedy)
}

async function checkDisk(directory: string): Promise<DoctorFinding> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(directory)
    const freeBytes = bavail * bsize
    const free = freeBytes < GIB ? `${Math.floor(freeBytes / MIB)} MiB` : `${Math.floor(freeBytes / GIB)} GiB`
    const message = `${free} free where the home is`
    const remedy = 'free some space there, or remove what is kept without need: `jzfs pin rm`, `jzfs gc`'
    if (freeBytes < 100 * MIB) return failure('disk-full', message, remedy)
    if (freeBytes < GIB) return warning('disk-nearly-full', message, remedy)
    if (files > 0 && ffree < 10_000) {
      return warning('inodes-nearly-used', `room for ${counted(ffree, 'more file')} where the home is`, remedy)
    }
    return sound('disk', message)
  } catch (error) {
    return findingOf(explainFsError(error, directory))
  }
}

/** Whether what the index keeps of times can be trusted, and records are believed to have expired when they have. */
async function checkClock(directory: string, now: Date): Promise<DoctorFinding> {
  const path = join(directory, `.clock-${process.pid}`)
  try {
    writeFileSync(path, '')
    const differenceMs = Math.abs(statSync(path).mtimeMs - now.getTime())
    if (differenceMs <= MAX_CLOCK_DIFFERENCE_MS) return sound('clock', now.toISOString())
    const seconds = Math.round(differenceMs / 1000)
    return warning(
      'clock-differs',
      `the clock of this machine and that of the home's file system are ${seconds} s apart`,
      'set both by NTP: records expire too early or too late, and files look changed that are not',
    )
  } catch (error) {
    return findingOf(explainFsError(error, path))
  } finally {
    await rm(path, { force: true }).catch(() => undefined)
  }
}

/** How many files this process may have open: undefined where the system does not say. */
export function openFilesLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    if (line !== undefined) return line === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(line)
  } catch {
    // Not Linux.
  }
  return undefined
}
