import { existsSync } from 'node:fs'

import { openRepository } from '../../src/repo/repository.ts'
import { addPaths } from '../../src/worktree/add/add.ts'
import { ANN } from './repository.ts'

/** `add-and-die.ts FOLDER CHECKPOINT-BYTES`: adds what is in a repository, and is killed after the first checkpoint. */
const [folder = '', checkpointBytes] = process.argv.slice(2)
const repository = await openRepository(folder)
await addPaths(repository, [], {
  command: 'jzfs add .',
  person: ANN,
  checkpointBytes: Number(checkpointBytes),
  onProgress: () => {
    if (existsSync(repository.layout.addProgress)) process.kill(process.pid, 'SIGKILL')
  },
})
