import { type KnownNames, openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'

/** The names that a home knows, for those who do not hold its lock: each change takes it for a moment. */
export function openHomeNames(home: Home, options: { command: string }): KnownNames {
  const names = openKnownNames(home.layout.names)
  const locked = async <T>(change: () => Promise<T>): Promise<T> => {
    const lock = await home.lock({ ...options, waitMs: LOCK_WAIT_MS })
    try {
      return await change()
    } finally {
      lock.release()
    }
  }
  return {
    record: (name) => names.record(name),
    seen: (name) => names.seen(name),
    forks: (name) => names.forks(name),
    list: () => names.list(),
    choose: (name, cid) => locked(() => names.choose(name, cid)),
    accept: (name, bytes, acceptOptions) => locked(() => names.accept(name, bytes, acceptOptions)),
    publish: (request) => locked(() => names.publish(request)),
  }
}

/** Publishing a large dataset holds the home's lock for a while. */
const LOCK_WAIT_MS = 60_000
