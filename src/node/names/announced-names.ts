import type { Home } from '../home/home.ts'
import { publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { isRepositoryVisible } from '../offer/visibility.ts'
import { listOwnNames } from './own-names.ts'

/** The names of a home whose records are given to routers: what is for some peers only is told to nobody else. */
export function announcedNames(home: Home): string[] {
  const repositories = home.repositories.list().flatMap(publicNamesOf)
  return [...repositories, ...listOwnNames(home).map(({ name }) => name)]
}

/** The names of a repository that are for everybody: of its branches, and its own. */
export function publicNamesOf(registered: RegisteredRepository): string[] {
  const { manifest } = registered
  const refs = publishedRefsOf(registered).flatMap(({ name, audience }) => (audience === 'public' ? (name ?? []) : []))
  return manifest !== undefined && isRepositoryVisible(registered, 'everybody') ? [...refs, manifest.name] : refs
}
