import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { InvalidError, UnavailableError } from '../model/errors.ts'
import type { Context } from './context.ts'

/**
 * Lets the user write a message: `JZFS_EDITOR`, `VISUAL`, `EDITOR` or `vi` opens a file that begins with `draft`; lines
 * that begin with `#` are dropped from the result.
 */
export async function editMessage(context: Context, folder: string, draft: string): Promise<string> {
  const { env, terminal } = context
  if (!terminal.interactive) {
    throw new InvalidError('message-missing', 'there is no message, and no terminal to write one', {
      hint: 'give it with -m MESSAGE or -F FILE',
    })
  }
  const editor = env['JZFS_EDITOR'] ?? env['VISUAL'] ?? env['EDITOR'] ?? 'vi'
  const file = join(folder, `MESSAGE-${process.pid}`)
  writeFileSync(file, draft)
  const { spawn } = await import('node:child_process')
  try {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], { stdio: 'inherit' })
    const [status] = (await once(child, 'close')) as [number | null]
    if (status !== 0) throw editorFailed(editor, status)
    return withoutComments(readFileSync(file, 'utf8'))
  } finally {
    rmSync(file, { force: true })
  }
}

/** A message without the lines that begin with `#`. */
export function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
}

function editorFailed(editor: string, status: number | null): UnavailableError {
  return new UnavailableError('editor-failed', `the editor ended with ${status}: ${editor}`, {
    hint: 'set JZFS_EDITOR, or give the message with -m',
  })
}
