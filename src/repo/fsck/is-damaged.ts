import { IntegrityError, JzfsError } from '../../model/errors.ts'

/** Whether reading something finds it damaged; what a newer version has written is not. */
export function isDamaged(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    return error instanceof IntegrityError
  }
}
