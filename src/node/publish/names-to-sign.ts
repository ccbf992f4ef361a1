import type { Home } from '../home/home.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { keyNameOf } from './register-refs.ts'

/**
 * The IPNS names that are signed when these refs of a repository are published: those that have a key already, also where
 * the home lost all but its keys.
 */
export function namesToSign(home: Home, repositoryId: string, refs: readonly string[]): string[] {
  const registered = home.repositories.list().find(({ id }) => id === repositoryId)
  const published = registered === undefined ? [] : publishedRefsOf(registered)
  const keyOf = (ref: string): string =>
    published.find((each) => each.ref === ref)?.key ?? keyNameOf({ id: repositoryId }, ref, registered)
  const keys = [registered?.manifest?.key ?? repositoryId, ...refs.map(keyOf)]
  return keys.flatMap((key) => home.keys.read(key)?.name ?? [])
}
