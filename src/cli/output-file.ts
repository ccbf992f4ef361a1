import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { explainFsError } from '../store/fs-errors.ts'
import type { Context } from './context.ts'

/**
 * Writes a file that the user named. It takes its place when it is whole: what fails or is interrupted leaves nothing, and
 * an older file as it was. A pipe or a device is written to as it is.
 */
export async function writeOutputFile(
  { cwd }: Context,
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const path = resolve(cwd, name)
  const isReplaced = (await stat(path).catch(() => undefined))?.isFile() ?? true
  const target = isReplaced ? join(dirname(path), `.${basename(path)}.${process.pid}.part`) : path
  try {
    // The first piece comes before the file: what is wrong with the request leaves no trace.
    const iterator = pieces[Symbol.asyncIterator]()
    const first = await iterator.next()
    const file = await explained(name, open(target, 'w'))
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) await write(file, name, step.value)
    } finally {
      await file.close()
    }
    if (isReplaced) await explained(name, rename(target, path))
  } catch (error) {
    if (isReplaced) await rm(target, { force: true })
    throw error
  }
}

async function write(file: FileHandle, name: string, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await explained(name, file.write(bytes, written))).bytesWritten
  }
}

async function explained<Result>(name: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    throw explainFsError(error, name)
  }
}
