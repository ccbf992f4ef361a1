import { readdirSync, statSync } from 'node:fs'

import type { JzfsError } from '../../model/errors.ts'
import { type OpenDigestSet, openDigestSet } from '../../sync/publish/digest-set-file.ts'
import type { Home } from '../home/home.ts'
import type { Audience } from '../home/repository-registry.ts'
import { headSetPath, pinOfSetFile, pinSetPath } from './published-files.ts'

/** Something that is published: a head of a repository, or a pin of the home. */
export interface PublishedSet {
  /** The IPNS name of a head; the label of a pin. */
  name: string
  /** The stable id of the repository that has the blocks; undefined for the home's own. */
  repositoryId: string | undefined
  /** The folder of that repository. */
  path: string
  audience: Audience
  /** The digests of what may be served. */
  digests: OpenDigestSet
}

/** What is published and cannot be served, and why. */
export interface PublishedProblem {
  name: string
  error: JzfsError
}

/** What a home publishes. Every question is answered from the files as they are at that moment. */
export interface PublishedSets {
  /** Throws IntegrityError `repositories-corrupt`. */
  list(): { sets: PublishedSet[]; problems: PublishedProblem[] }
  /** Closes the files. */
  close(): void
}

/** The publications of a home. */
export function createPublishedSets(home: Home): PublishedSets {
  const opened = new Map<string, { version: string; digests: OpenDigestSet }>()
  let known: { version: string; sets: PublishedSet[]; problems: PublishedProblem[] } | undefined

  const open = (path: string): OpenDigestSet => {
    const version = versionOf(path)
    const before = opened.get(path)
    if (before?.version === version) return before.digests
    before?.digests.close()
    opened.delete(path)
    const digests = openDigestSet(path)
    opened.set(path, { version, digests })
    return digests
  }
  const read = (version: string) => {
    const { found, problems } = readSets(home, open)
    const paths = new Set(found.map(({ setPath }) => setPath))
    for (const [path, { digests }] of opened) {
      if (paths.has(path)) continue
      digests.close()
      opened.delete(path)
    }
    return { version, sets: found.map(({ set }) => set), problems }
  }
  return {
    list() {
      // Digest sets are replaced by renaming, which changes the folder too: two questions to the file system are enough.
      const version = `${versionOf(home.layout.published)} ${versionOf(home.layout.repositories)}`
      if (known?.version !== version || isRecent(home.layout.published) || isRecent(home.layout.repositories)) {
        known = read(version)
      }
      return known
    },
    close() {
      for (const { digests } of opened.values()) digests.close()
      opened.clear()
      known = undefined
    },
  }
}

interface FoundSet {
  setPath: string
  set: PublishedSet
}

function readSets(
  home: Home,
  open: (path: string) => OpenDigestSet,
): { found: FoundSet[]; problems: PublishedProblem[] } {
  const found: FoundSet[] = []
  const problems: PublishedProblem[] = []
  const add = (setPath: string, set: Omit<PublishedSet, 'digests'>): void => {
    try {
      found.push({ setPath, set: { ...set, digests: open(setPath) } })
    } catch (error) {
      problems.push({ name: set.name, error: error as JzfsError })
    }
  }
  for (const { id, path, heads } of home.repositories.list()) {
    for (const { name, audience } of heads) {
      add(headSetPath(home.layout, name), { name, repositoryId: id, path, audience })
    }
  }
  for (const file of readdirSync(home.layout.published)) {
    const label = pinOfSetFile(file)
    if (label === undefined) continue
    const pin = { name: label, repositoryId: undefined, path: home.layout.pins, audience: 'public' as const }
    add(pinSetPath(home.layout, label), pin)
  }
  return { found, problems }
}

/** Changes when the file or folder at `path` is replaced or changed. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.size}`
}

/** The coarsest clock that file systems stamp changes with, in milliseconds. */
const CLOCK_TICK_MS = 2000

/** Whether another change could bear the same time as the last one. */
function isRecent(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && Date.now() - stat.mtimeMs < CLOCK_TICK_MS
}
