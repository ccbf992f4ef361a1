import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { explainFsError } from '../store/fs-errors.ts'
import type { Context } from './context.ts'

/** The message of `-m` (several become paragraphs) or `-F`; undefined where neither was given. */
export function givenMessage(
  { cwd }: Pick<Context, 'cwd'>,
  { message, file }: { message?: string[]; file?: string },
): string | undefined {
  if (message !== undefined) return message.join('\n\n')
  if (file === undefined) return undefined
  try {
    return readFileSync(file === '-' ? 0 : resolve(cwd, file), 'utf8')
  } catch (error) {
    throw explainFsError(error, file)
  }
}
