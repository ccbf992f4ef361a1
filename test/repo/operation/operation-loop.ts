import { runOperation } from '../../../src/repo/operation/operation.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import { planOf, rewriteFiles } from './operation-sequence.ts'

/** Run as a process: does operations from the given number on, says each that is done, and never ends by itself. */
const [path, first] = process.argv.slice(2) as [string, string]
const repository = await openRepository(path, { worktreeStep: rewriteFiles })
for (let number = Number(first); ; number++) {
  using lock = await repository.lock('loop')
  await runOperation(repository, lock, await planOf(repository, number), rewriteFiles)
  process.stdout.write(`${number}\n`)
}
