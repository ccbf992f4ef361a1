import { existsSync } from 'node:fs'

import { checkDatastore } from '../../node/doctor/check-datastore.ts'
import { checkHome } from '../../node/doctor/check-home.ts'
import { checkMachine, type MachineFacts } from '../../node/doctor/check-machine.ts'
import { checkPublished } from '../../node/doctor/check-published.ts'
import { type DoctorFinding, findingOf, sound } from '../../node/doctor/finding.ts'
import { openHome } from '../../node/home/home.ts'
import { checkConfigFile } from '../../repo/config/check-config.ts'
import { checkDaemon, type DaemonFacts } from './check-daemon.ts'

/** What is looked at. */
export interface DoctorOptions extends MachineFacts, DaemonFacts {
  /** The node home's folder; one that does not exist is not made. */
  directory: string
  runtimeDirectory?: string | undefined
  /** The user's configuration file. */
  userConfig: string
}

/**
 * Looks at the set-up of this machine, and gives what it finds, check by check. Nothing is changed: what is written to try
 * it (a lock, an empty file) is removed again.
 */
export async function* runDoctor(options: DoctorOptions): AsyncGenerator<DoctorFinding> {
  const { directory, runtimeDirectory, userConfig, now } = options
  const problems = checkConfigFile({ path: userConfig, scope: 'user' })
  if (problems.length === 0) yield sound('config', userConfig)
  for (const problem of problems) yield findingOf(problem)
  if (!existsSync(directory)) {
    yield sound('home', `there is none yet: ${directory}`)
    return
  }
  yield* await checkMachine(directory, options)
  try {
    const home = openHome(directory, { runtimeDirectory })
    yield* await checkHome(home)
    const { findings, isRunning } = await checkDaemon(home, options)
    yield* findings
    if (!isRunning) yield await checkDatastore(home)
    yield* await checkPublished(home, now)
  } catch (error) {
    yield findingOf(error)
  }
}
