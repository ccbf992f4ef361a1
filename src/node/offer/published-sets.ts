import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import type { JzfsError } from '../../model/errors.ts'
import { type OpenDigestSet, openDigestSet } from '../../sync/publish/digest-set-file.ts'
import { isRecentlyChanged, versionOfFile } from '../home/file-version.ts'
import type { Home } from '../home/home.ts'
import { type Audience, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { audienceKey, headsSetPath, manifestOfFile, pinOfSetFile } from '../publish/published-files.ts'

/** Something that is published: all refs of a repository that have one audience, or a pin of the home. */
export interface PublishedSet {
  /** The IPNS names of branches, and of tags that have one; the label of a pin. */
  names: string[]
  /** The stable id of the repository that has the blocks; undefined for the home's own. */
  repositoryId: string | undefined
  /** The folder of that repository. */
  path: string
  audience: Audience
  /** The digests of what may be served. */
  digests: OpenDigestSet
}

/** The manifest block of a repository, in a file of the home. */
export interface PublishedManifest {
  cid: string
  path: string
  registered: RegisteredRepository
}

/** What is published and cannot be served, and why. */
export interface PublishedProblem {
  /** An IPNS name, the name of the repository where there is none, or the label of a pin. */
  name: string
  error: JzfsError
}

/** What a home publishes at a moment. */
export interface PublishedLists {
  sets: PublishedSet[]
  /** By CID in text. */
  manifests: Map<string, PublishedManifest>
  problems: PublishedProblem[]
}

/** What a home publishes. Every question is answered from the files as they are at that moment. */
export interface PublishedSets {
  /** Throws IntegrityError `repositories-corrupt`. */
  list(): PublishedLists
  /** What was listed last, by whomever: the files of what was listed before are closed. Throws as `list`. */
  latest(): PublishedLists
  /** Closes the files. */
  close(): void
}

/** The publications of a home. */
export function createPublishedSets(home: Home): PublishedSets {
  const opened = new Map<string, { version: string; digests: OpenDigestSet }>()
  let known: (PublishedLists & { version: string }) | undefined

  const open = (path: string): OpenDigestSet => {
    const version = versionOfFile(path)
    const before = opened.get(path)
    if (before?.version === version) return before.digests
    before?.digests.close()
    opened.delete(path)
    const digests = openDigestSet(path)
    opened.set(path, { version, digests })
    return digests
  }
  const read = (version: string) => {
    const { found, manifests, problems } = readSets(home, open)
    const paths = new Set(found.map(({ setPath }) => setPath))
    for (const [path, { digests }] of opened) {
      if (paths.has(path)) continue
      digests.close()
      opened.delete(path)
    }
    return { version, sets: found.map(({ set }) => set), manifests, problems }
  }
  const list = (): PublishedLists => {
    // Digest sets are replaced by renaming, which changes the folder too: two questions to the file system are enough.
    const version = `${versionOfFile(home.layout.published)} ${versionOfFile(home.layout.repositories)}`
    if (
      known?.version !== version ||
      isRecentlyChanged(home.layout.published) ||
      isRecentlyChanged(home.layout.repositories)
    ) {
      // Where that fails, some of its files are closed.
      known = undefined
      known = read(version)
    }
    return known
  }
  return {
    list,
    latest: () => known ?? list(),
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

interface Found {
  found: FoundSet[]
  manifests: Map<string, PublishedManifest>
  problems: PublishedProblem[]
}

function readSets(home: Home, open: (path: string) => OpenDigestSet): Found {
  const { layout } = home
  const { found, manifests, problems }: Found = { found: [], manifests: new Map(), problems: [] }
  const add = (setPath: string, label: string, set: Omit<PublishedSet, 'digests'>): void => {
    try {
      found.push({ setPath, set: { ...set, digests: open(setPath) } })
    } catch (error) {
      problems.push({ name: label, error: error as JzfsError })
    }
  }
  const repositories = home.repositories.list()
  for (const registered of repositories) {
    const { id, path, name } = registered
    for (const [audience, names] of namesByAudience(registered)) {
      const setPath = headsSetPath(layout, id, audience)
      add(setPath, names[0] ?? name, { names, repositoryId: id, path, audience })
    }
  }
  const byName = new Map(repositories.map((registered) => [registered.manifest?.name, registered]))
  for (const file of readdirSync(layout.published)) {
    const pin = pinOfSetFile(file)
    if (pin !== undefined) {
      const { label, isServed } = pin
      // A list without peers: nobody but this node.
      const audience: Audience = isServed ? 'public' : { peers: [] }
      add(join(layout.published, file), label, { names: [label], repositoryId: undefined, path: layout.pins, audience })
    }
    const manifest = manifestOfFile(file)
    const registered = manifest && byName.get(manifest.name)
    if (manifest === undefined || registered === undefined) continue
    manifests.set(manifest.cid, { cid: manifest.cid, path: join(layout.published, file), registered })
  }
  return { found, manifests, problems }
}

function namesByAudience(registered: RegisteredRepository): Map<Audience, string[]> {
  const names = new Map<string, { audience: Audience; names: string[] }>()
  for (const { audience, name } of publishedRefsOf(registered)) {
    const key = audienceKey(audience)
    const found = names.get(key) ?? { audience, names: [] }
    if (name !== undefined) found.names.push(name)
    names.set(key, found)
  }
  return new Map([...names.values()].map((each) => [each.audience, each.names]))
}
