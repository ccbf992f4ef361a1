import { ConflictError, JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayError } from '../say-error.ts'

/**
 * Deletes refs one by one, as git does: of a name that is not there, or may not go, it is said why, and the others go all the
 * same; the exit status is 1 then. Gives the names of those that went.
 */
export async function deleteEach(
  context: Context,
  names: readonly string[],
  asJson: boolean,
  remove: (name: string) => Promise<void>,
): Promise<string[]> {
  const deleted: string[] = []
  for (const name of names) {
    try {
      await remove(name)
      deleted.push(name)
    } catch (error) {
      if (!isAboutTheName(error)) throw error
      sayError(context.terminal, error, asJson)
      context.status = EXIT.partial
    }
  }
  return deleted
}

function isAboutTheName(error: unknown): error is JzfsError {
  return error instanceof NotFoundError || error instanceof ConflictError
}
