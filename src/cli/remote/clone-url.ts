import { basename, dirname } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { parseRemoteUrl } from '../../repo/remote/remote-url.ts'
import { sourceText } from '../../sync/names/remote-head.ts'
import type { Context } from '../context.ts'
import { readSource } from '../network.ts'
import { readRemoteUrl } from './read-remote-url.ts'

/**
 * What a user wrote to clone, as it is kept in the configuration: a name or a CID may stand alone. Throws InvalidError
 * `source-invalid` and `remote-url-invalid`.
 */
export async function cloneUrl(context: Context, text: string): Promise<string> {
  const isNamed = /^\/?ip[fn]s(?::\/)?\//.test(text)
  if (isNamed || /^[A-Za-z0-9]{46,}$/.test(text)) {
    try {
      return sourceText(await readSource(text))
    } catch (error) {
      if (isNamed || !(error instanceof InvalidError)) throw error
    }
  }
  return readRemoteUrl(context, text)
}

/** The folder that a clone makes where none is named: called as what is cloned, as its URL or it itself says. */
export function cloneFolder(url: string, cwd: string, bare: boolean, called: string | undefined): string {
  const parsed = parseRemoteUrl(url, cwd)
  switch (parsed.kind) {
    case 'ipns':
      return called ?? parsed.name
    case 'ipfs':
      return parsed.cid
    case 'peer':
      return parsed.repository ?? called ?? basename(parsed.address)
    case 'http':
      return basename(new URL(parsed.url).pathname)
    case 'bundle':
      return basename(parsed.path, '.car')
    case 'folder':
    default:
      return folderName(parsed.path, bare)
  }
}

function folderName(path: string, bare: boolean): string {
  const whole = basename(path) === REPOSITORY_FOLDER ? dirname(path) : path
  const name = basename(whole, REPOSITORY_FOLDER)
  return bare ? `${name}${REPOSITORY_FOLDER}` : name
}
