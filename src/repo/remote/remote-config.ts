import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { nearestNames } from '../../model/nearest.ts'
import { refNameProblem } from '../../model/ref-name.ts'
import { matchConfigPattern } from '../config/config-patterns.ts'
import type { Config } from '../config/config.ts'
import { mapRef } from './map-refspecs.ts'
import { parseRefspec, type Refspec } from './refspec.ts'

/** A remote, as it is configured. */
export interface RemoteConfig {
  name: string
  url: string
  /** Where `push` goes: `url` where nothing else is said. */
  pushUrl: string
  fetch: readonly Refspec[]
  /** The IPNS name that signs for it, as it was first seen. */
  trustedName: string | undefined
  /** The branch that its HEAD is on, by its full name there, where that is known. */
  head: string | undefined
  /** Addresses of peers to ask. */
  peers: readonly string[]
  /** Whether `fetch` removes what the remote has no longer. */
  prune: boolean
}

/**
 * Reads the configuration of a remote. Throws NotFoundError `remote-missing` (details: `remote`), and InvalidError
 * `config-value-invalid` for what somebody wrote into the file.
 */
export function readRemote(config: Config, name: string): RemoteConfig {
  const remote = findRemote(config, name)
  if (remote !== undefined) return remote
  const nearest = nearestNames(name, remoteNames(config))
  throw new NotFoundError('remote-missing', `there is no remote ${JSON.stringify(name)}`, {
    hint:
      nearest.length > 0
        ? `did you mean ${nearest.join(' or ')}?`
        : `add it with \`jzfs remote add ${name === '' ? 'NAME' : name} URL\``,
    details: { remote: name, nearest },
  })
}

/** The same; undefined for a name that no remote has. */
export function findRemote(config: Pick<Config, 'get'>, name: string): RemoteConfig | undefined {
  if (remoteNameProblem(name) !== undefined) return undefined
  const url = config.get(`remote.${name}.url`)
  if (url === undefined) return undefined
  return {
    name,
    url,
    pushUrl: config.get(`remote.${name}.pushUrl`) ?? url,
    fetch: (config.get(`remote.${name}.fetch`) ?? [defaultRefspec(name)]).map((text) => parseRefspec(text, 'fetch')),
    trustedName: config.get(`remote.${name}.trustedName`),
    head: config.get(`remote.${name}.head`),
    peers: config.get(`remote.${name}.peers`) ?? [],
    prune: config.get(`remote.${name}.prune`) ?? config.get('fetch.prune'),
  }
}

/** The same as `readRemote`, where this repository is what configures it: InvalidError `remote-elsewhere` for a remote of the user. */
export function readOwnRemote(config: Config, name: string): RemoteConfig {
  const remote = readRemote(config, name)
  const entry = config.find(`remote.${name}.url`)
  if (entry === undefined || entry.origin === 'repository') return remote
  throw new InvalidError(
    'remote-elsewhere',
    `${name} is not configured in this repository, but by the ${entry.origin}`,
    {
      hint: `change it there: \`jzfs config --user remote.${name}.url URL\``,
      details: { remote: name, origin: entry.origin },
    },
  )
}

/** All remotes, sorted by name. */
export function listRemotes(config: Config): RemoteConfig[] {
  return remoteNames(config).map((name) => readRemote(config, name))
}

/** The names of all remotes, sorted. */
export function remoteNames(config: Pick<Config, 'list'>): string[] {
  const names = config.list().flatMap(({ key }) => {
    const match = matchConfigPattern(key)
    return match?.pattern === 'remote.*.url' ? match.subject : []
  })
  return names.toSorted()
}

/** What is fetched where nothing else is said: all branches, each to a ref below `refs/remotes/NAME/`. */
export function defaultRefspec(name: string): string {
  return `+refs/heads/*:${trackingPrefix(name)}*`
}

/** Where the refs are kept that a remote had when it was last asked. */
export function trackingPrefix(name: string): string {
  return `refs/remotes/${name}/`
}

/** The ref here that `NAME` alone means: that of the branch that the remote's HEAD is on; undefined where none is known. */
export function trackingHead(config: Pick<Config, 'get'>, name: string): string | undefined {
  const remote = findRemote(config, name)
  return remote?.head === undefined ? undefined : mapRef(remote.fetch, remote.head)
}

/** Checks the name of a remote: what can stand in the name of a ref. Throws InvalidError `remote-name-invalid`. */
export function checkRemoteName(name: string): void {
  const problem = remoteNameProblem(name)
  if (problem === undefined) return
  throw new InvalidError('remote-name-invalid', `${JSON.stringify(name)} cannot name a remote: it ${problem}`, {
    hint: 'choose another name, origin for one',
    details: { name },
  })
}

function remoteNameProblem(name: string): string | undefined {
  return name.startsWith('-') ? 'begins with "-"' : refNameProblem(`${trackingPrefix(name)}x`)
}
