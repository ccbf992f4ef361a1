import { counted } from '../../model/counted.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { createServedBlocks } from '../offer/served-blocks.ts'
import { listPinProblems } from '../pins/pin-notes.ts'
import { type DoctorFinding, failure, findingOf, sound, warning } from './finding.ts'

/** A record that ends so soon is told, in milliseconds: the daemon signs again when half of seven days is over. */
const SOON_MS = 86_400_000

/** Looks at what a home publishes: repositories that moved, sets that cannot be served, records and forks. */
export async function checkPublished(home: Home, now: Date): Promise<DoctorFinding[]> {
  try {
    const pins = listPinProblems(home).map(pinFinding)
    return [...(await checkServed(home)), ...(await checkRecords(home, now)), ...(await checkForks(home)), ...pins]
  } catch (error) {
    return [findingOf(error)]
  }
}

function pinFinding({ name, code, message }: ReturnType<typeof listPinProblems>[number]): DoctorFinding {
  const told = `the pin of ipns://${name} is not brought up to date: ${message}`
  return warning(code, told, 'try it by hand: `jzfs pin update`; or give it up: `jzfs pin rm`')
}

async function checkServed(home: Home): Promise<DoctorFinding[]> {
  const served = createServedBlocks(home)
  try {
    const { names, pins, problems } = await served.list()
    // One repository that moved spoils all its refs.
    const found = new Map(problems.map(({ error }) => [`${error.code} ${error.message}`, findingOf(error)]))
    if (found.size > 0) return [...found.values()]
    return [sound('published', `${counted(names.length, 'name')} and ${counted(pins.length, 'pin')} are served`)]
  } finally {
    await served.close()
  }
}

async function checkRecords(home: Home, now: Date): Promise<DoctorFinding[]> {
  const known = openKnownNames(home.layout.names)
  const repositories = home.repositories.list()
  const own = repositories.flatMap((repository) => [
    ...(repository.manifest === undefined ? [] : [{ name: repository.manifest.name, of: repository.name }]),
    ...publishedRefsOf(repository).flatMap(({ name, ref }) =>
      name === undefined ? [] : [{ name, of: `${repository.name} ${ref}` }],
    ),
  ])
  const found: DoctorFinding[] = []
  for (const { name, of } of own) {
    const record = await known.record(name)
    const remedy = 'start the daemon, which signs it again: `jzfs daemon --detach`; or publish again: `jzfs publish`'
    if (record === undefined) {
      found.push(
        failure(
          'record-missing',
          `ipns://${name} (${of}) is published and has no record`,
          'publish again: `jzfs publish`',
        ),
      )
    } else if (record.expires <= now) {
      found.push(
        failure(
          'record-expired',
          `the record of ipns://${name} (${of}) expired on ${record.expires.toISOString()}`,
          remedy,
        ),
      )
    } else if (record.expires.getTime() - now.getTime() < SOON_MS) {
      found.push(
        warning(
          'record-expires-soon',
          `the record of ipns://${name} (${of}) expires on ${record.expires.toISOString()}`,
          remedy,
        ),
      )
    }
  }
  return found.length > 0
    ? found
    : [sound('records', `${counted(own.length, 'record')} of our own, none missing or expired`)]
}

async function checkForks(home: Home): Promise<DoctorFinding[]> {
  const known = openKnownNames(home.layout.names)
  const found: DoctorFinding[] = []
  const names = await known.list()
  for (const name of names) {
    try {
      const seen = await known.seen(name)
      const forks = (await known.forks(name)).filter(({ record }) => record.sequence === seen?.sequence)
      if (forks.length === 0 || seen?.settled === seen?.sequence) continue
      const told = `ipns://${name} has ${forks.length} values at one sequence: whoever holds its key signed twice`
      found.push(
        failure('record-fork', told, `look at them: \`jzfs name forks ${name}\`, and choose: \`jzfs name accept\``),
      )
    } catch (error) {
      found.push(findingOf(error))
    }
  }
  return found.length > 0 ? found : [sound('names', `${counted(names.length, 'name')} known, none forked`)]
}
