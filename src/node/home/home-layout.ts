import { join } from 'node:path'

/** Where everything lies in one node home: absolute paths. `src/node` knows them by these names only. */
export interface HomeLayout {
  directory: string
  /** One private key a file (0600), libp2p's protobuf. */
  keys: string
  /** By IPNS name: the newest record (`.record`), what was seen of the name (`.seen`), how it is published by itself (`.own`). */
  names: string
  /** By repository and audience, or by pin: the sorted digests of what heads reach; and the manifests of repositories. */
  published: string
  /** The repositories that this node serves, and which of their heads. */
  repositories: string
  /** A bare repository: the datasets that are pinned without a repository of their own, each a ref `refs/pins/…`. */
  pins: string
  /** By pin: what its user calls it, whether it follows its name, and what went wrong. */
  pinNotes: string
  /** By repository and operation: what pushes do, until it is published. */
  pushes: string
  /** What may be lost: libp2p's peer store. Only the daemon opens it. */
  datastore: string
  /** Taken by whoever changes files of the home. */
  lock: string
  /** Held by the daemon as long as it lives. */
  daemonLock: string
  /** Who the running daemon is, and how it is reached. */
  daemonState: string
  /** The daemon's socket, unless the path is too long for one. */
  socket: string
  /** The daemon's log: JSON lines, and what it says when it crashes. */
  log: string
}

/** The paths of the home in `directory`. */
export function homeLayoutOf(directory: string): HomeLayout {
  return {
    directory,
    keys: join(directory, 'keys'),
    names: join(directory, 'names'),
    published: join(directory, 'published'),
    repositories: join(directory, 'repositories.json'),
    pins: join(directory, 'pins'),
    pinNotes: join(directory, 'pin-notes'),
    pushes: join(directory, 'pushes'),
    datastore: join(directory, 'datastore'),
    lock: join(directory, 'lock.db'),
    daemonLock: join(directory, 'daemon.db'),
    daemonState: join(directory, 'daemon.json'),
    socket: join(directory, 'control.sock'),
    log: join(directory, 'daemon.log'),
  }
}
