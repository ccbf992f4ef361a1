import { lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** What is at a path: bytes (one character each) with the executable bit before them, a link, or an empty folder. */
export type FolderContent = Record<string, string>

/** All that is in a folder but `.git` and `.jzfs` at its top. */
export function folderContent(top: string, path = '', content: FolderContent = {}): FolderContent {
  const names = readdirSync(join(top, path)).filter((name) => path !== '' || (name !== '.git' && name !== '.jzfs'))
  if (names.length === 0 && path !== '') content[path] = 'empty folder'
  for (const name of names) {
    const inner = join(path, name)
    const stat = lstatSync(join(top, inner))
    if (stat.isDirectory()) folderContent(top, inner, content)
    else if (stat.isSymbolicLink()) content[inner] = `-> ${readlinkSync(join(top, inner))}`
    else content[inner] = `${(stat.mode & 0o777).toString(8)} ${readFileSync(join(top, inner), 'latin1')}`
  }
  return content
}

/** Removes folders with nothing in them, for comparisons with git, to which they are nothing. */
export function removeEmptyFolders(top: string, path = ''): void {
  const folder = join(top, path)
  for (const name of readdirSync(folder)) {
    if (path === '' && (name === '.git' || name === '.jzfs')) continue
    if (lstatSync(join(folder, name)).isDirectory()) removeEmptyFolders(top, join(path, name))
  }
  if (path !== '' && readdirSync(folder).length === 0) rmdirSync(folder)
}

/** The content without empty folders. */
export function withoutEmpty(content: FolderContent): FolderContent {
  return Object.fromEntries(Object.entries(content).filter(([, what]) => what !== 'empty folder'))
}
