import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'

import { isReservedName } from '../../model/directory/entry-name.ts'
import { fsErrorCode } from '../../store/fs-errors.ts'
import type { KeptBits } from '../checkout/found-content.ts'
import { enterDirectory, IGNORE_FILE, isExcluding, matchIgnore } from '../ignore/ignore.ts'
import type { IgnoreLevel } from '../ignore/ignore.ts'
import { compareByteStrings, fromByteString, isAscii, toByteString } from '../index/byte-string.ts'
import { KIND_DIRECTORY } from '../index/index-entry.ts'
import { isStatUnchanged } from './is-stat-unchanged.ts'
import { CANDIDATE, DELETED, UNCHANGED } from './scan.ts'
import type { FileStat, Scan, ScanOptions } from './scan.ts'

const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000
const TYPE_SYMLINK = 0o120000
const TYPE_DIRECTORY = 0o040000

const STAT_OPTIONS = { bigint: true, throwIfNoEntry: false } as const
const NAMES_AS_BYTES = { encoding: 'latin1' } as const

/** The ignore level of a directory, worked out only when something untracked is found in or below it. */
interface LazyLevel {
  /** Byte string with a final slash; '' for the top. */
  directory: string
  above: LazyLevel | undefined
  hasFile: boolean
  level: IgnoreLevel | undefined
}

/**
 * Walks the working tree beside the index. Reads no file but ignore files; symlinks are not followed; what is in `.jzfs`
 * and in directories that another repository owns is not looked at.
 *
 * It is synchronous and makes no object for an unchanged file: 100,000 files take as long as their `lstat` calls.
 */
export function scanWorktree(options: ScanOptions): Scan {
  const scanner = new Scanner(options)
  scanner.run()
  const { scan } = scanner
  for (const list of [scan.untracked, scan.ignored, scan.artefacts, scan.problems]) {
    list.sort((a: { key: string }, b: { key: string }) => compareByteStrings(a.key, b.key))
  }
  scan.skippedGit.sort()
  return scan
}

/** One walk over a working tree. */
class Scanner {
  readonly scan: Scan
  readonly #options: ScanOptions
  readonly #prefix: string
  readonly #keeps: KeptBits
  /** Byte strings. */
  readonly #artefacts: ReadonlySet<string>
  /** The directory of the index at which the walk arrives next. */
  #nextDirectory = 1

  constructor(options: ScanOptions) {
    this.#options = options
    this.#prefix = options.worktree.endsWith('/') ? options.worktree : `${options.worktree}/`
    this.#keeps = options.keeps ?? { executableBit: true, symlinks: true }
    this.#artefacts = new Set(options.index.artefacts().map(({ path }) => toByteString(path)))
    this.scan = {
      states: new Uint8Array(options.index.count),
      stats: new Map(),
      untracked: [],
      ignored: [],
      artefacts: [],
      problems: [],
      skippedGit: [],
    }
  }

  run(): void {
    this.#scanTracked('', 0, this.#options.index.count, undefined)
  }

  /** Scans a directory that has entries [from, to) of the index below it. */
  #scanTracked(directory: string, from: number, to: number, above: LazyLevel | undefined): void {
    const { index, filter } = this.#options
    const coverage = filter === undefined ? 'all' : filter.coverage(directory)
    if (coverage === 'none') {
      this.#skipDirectories(to)
      return
    }
    if (this.#options.untracked === 'none' && this.#hasSeenAll(from, to)) {
      this.scan.states.fill(UNCHANGED, from, to)
      this.#skipDirectories(to)
      return
    }
    const names = this.#namesToKnow(directory)
    if (names === undefined) {
      this.#skipDirectories(to)
      return
    }
    const isNested = directory !== '' && names.includes('.jzfs')
    if (isNested) this.scan.problems.push({ key: directory.slice(0, -1), reason: 'nested-repository' })
    const level = { directory, above, hasFile: names.includes(IGNORE_FILE), level: undefined }
    const { first, entries } = index.directories
    let present = directory === '' && names.includes('.jzfs') ? 1 : 0
    let position = from
    while (position < to) {
      if (first[this.#nextDirectory] === position) {
        const end = position + (entries[this.#nextDirectory++] as number)
        if (this.#scanSubdirectory(directory, position, end, level)) present++
        position = end
        continue
      }
      if (coverage === 'all' || filter === undefined || filter.matches(index.key(position))) {
        if (this.#scanEntry(position, level) && !this.#isFurtherStage(position, from)) present++
      }
      position++
    }
    if (names.length === 0) this.#addEmptied(directory)
    // As many names as entries that are there: then there is nothing else, and nothing to look up.
    if (names.length === present || isNested || this.#options.untracked === 'none') return
    this.#scanUntrackedNames(directory, names, from, to, level)
  }

  /** Whether all files of the entries [from, to) were seen by somebody else. */
  #hasSeenAll(from: number, to: number): boolean {
    const { hasSeen } = this.#options
    if (hasSeen === undefined) return false
    for (let position = from; position < to; position++) if (!hasSeen(position)) return false
    return true
  }

  /** The names in a directory; where nothing untracked is looked for, only that of a repository of its own counts. */
  #namesToKnow(directory: string): string[] | undefined {
    if (this.#options.untracked !== 'none') return this.#list(directory)
    const key = `${directory}.jzfs`
    const stat = this.#stat(key)
    if (stat !== undefined) return ['.jzfs']
    const last = this.scan.problems.at(-1)
    if (last?.key !== key || last.reason !== 'unreadable') return []
    last.key = directory.slice(0, -1)
    return undefined
  }

  /** Whether the entry before has the same path: one file on disk counts once. */
  #isFurtherStage(position: number, from: number): boolean {
    const { index } = this.#options
    return position > from && index.stage(position) !== 0 && index.key(position) === index.key(position - 1)
  }

  /** Whether the directory is there. */
  #scanSubdirectory(directory: string, from: number, to: number, level: LazyLevel): boolean {
    const key = this.#options.index.key(from)
    const child = key.slice(0, key.indexOf('/', directory.length) + 1)
    if (this.#options.filter?.coverage(child) === 'none') {
      this.#skipDirectories(to)
      return false
    }
    const stat = this.#stat(child.slice(0, -1))
    if (stat !== undefined && (Number(stat.mode) & TYPE_MASK) === TYPE_DIRECTORY) {
      this.#scanTracked(child, from, to, level)
      return true
    }
    this.#skipDirectories(to)
    if (stat === undefined && this.#isUnreadable(child.slice(0, -1))) return false
    for (let position = from; position < to; position++) {
      if (this.#options.filter?.matches(this.#options.index.key(position)) ?? true) this.#set(position, DELETED)
    }
    return false
  }

  #isUnreadable(key: string): boolean {
    const last = this.scan.problems.at(-1)
    return last !== undefined && last.key === key && last.reason === 'unreadable'
  }

  #skipDirectories(to: number): void {
    const { first } = this.#options.index.directories
    while (this.#nextDirectory < first.length && (first[this.#nextDirectory] as number) < to) this.#nextDirectory++
  }

  #set(position: number, state: number): void {
    this.scan.states[position] = state
  }

  /** Compares one entry with its file; returns whether its name is taken by what the entry stands for. */
  #scanEntry(position: number, level: LazyLevel): boolean {
    const { index, hasSeen } = this.#options
    if (hasSeen?.(position) === true) {
      this.#set(position, UNCHANGED)
      return true
    }
    let stat: BigIntStats | undefined
    try {
      stat = lstatSync(this.#prefix + index.path(position), STAT_OPTIONS)
    } catch (error) {
      if (!isMissing(error)) {
        this.scan.problems.push({ key: index.key(position), reason: 'unreadable', cause: error })
        return true
      }
    }
    if (stat === undefined) {
      this.#set(position, DELETED)
      return false
    }
    const mode = Number(stat.mode)
    const type = mode & TYPE_MASK
    const kind = index.kindBits(position)
    if (type === TYPE_DIRECTORY) {
      this.#set(position, kind === KIND_DIRECTORY ? UNCHANGED : DELETED)
      if (kind === KIND_DIRECTORY) this.#scanOnceEmpty(`${index.key(position)}/`, level)
      return kind === KIND_DIRECTORY
    }
    const isSpecial = type !== TYPE_FILE && type !== TYPE_SYMLINK
    if (kind === KIND_DIRECTORY || isSpecial) {
      this.#set(position, DELETED)
      // Otherwise it is come upon among what is untracked.
      if (isSpecial && this.#options.untracked === 'none') this.#refuse(index.key(position), 'special-file')
      return false
    }
    if (isStatUnchanged(index, position, stat, this.#keeps)) {
      this.#set(position, UNCHANGED)
    } else {
      this.#set(position, CANDIDATE)
      this.scan.stats.set(position, fileStat(stat))
    }
    return true
  }

  /** Looks for untracked paths in a directory that the index has as an empty one. */
  #scanOnceEmpty(directory: string, above: LazyLevel): void {
    if (this.#options.untracked === 'none') return
    const names = this.#list(directory)
    if (names === undefined || names.length === 0) return
    if (this.#isNestedRepository(directory, names)) return
    const level = { directory, above, hasFile: names.includes(IGNORE_FILE), level: undefined }
    this.#scanUntrackedNames(directory, names, 0, 0, level)
  }

  /** Scans the names of a directory that are not those of entries [from, to). */
  #scanUntrackedNames(directory: string, names: string[], from: number, to: number, level: LazyLevel): void {
    const tracked = this.#trackedNames(directory, from, to)
    for (const name of names) {
      if (tracked.has(name) || (directory === '' && name === '.jzfs')) continue
      this.#scanUntracked(directory, name, level, this.#options.untracked === 'collapsed')
    }
  }

  #trackedNames(directory: string, from: number, to: number): Set<string> {
    const { index } = this.#options
    const tracked = new Set<string>()
    let position = from
    while (position < to) {
      const key = index.key(position)
      const slash = key.indexOf('/', directory.length)
      const child = slash === -1 ? key : key.slice(0, slash)
      // Where an entry or a directory went, something else may have its name.
      const state = this.scan.states[position]
      const isSure = slash === -1 ? state !== DELETED : state === UNCHANGED || state === CANDIDATE
      const isThere = isSure || (slash !== -1 && this.#isDirectory(child))
      if (isThere) tracked.add(child.slice(directory.length))
      position = slash === -1 ? position + 1 : index.lowerBoundOfKey(`${child}0`)
    }
    return tracked
  }

  /** A tracked directory from which all was deleted is now an empty directory. */
  #addEmptied(directory: string): void {
    const key = directory.slice(0, -1)
    if (key === '' || this.#options.untracked === 'none' || this.#options.filter?.matches(key) === false) return
    const stat = this.#stat(key)
    if (stat !== undefined) this.#pushUntracked('', key, stat)
  }

  #isDirectory(key: string): boolean {
    const stat = this.#stat(key)
    return stat !== undefined && (Number(stat.mode) & TYPE_MASK) === TYPE_DIRECTORY
  }

  /** Scans a name that is not in the index; returns whether something is there that could be recorded. */
  #scanUntracked(directory: string, name: string, lazy: LazyLevel, isCollapsed: boolean): boolean {
    const key = directory + name
    const { filter, ignored, ignore } = this.#options
    if (!isAscii(name) && !isUtf8(Buffer.from(name, 'latin1'))) return this.#refuse(key, 'name-not-utf8')
    const coverage = filter === undefined ? 'all' : filter.coverage(`${key}/`)
    const isMatched = coverage === 'all' || filter === undefined || filter.matches(key)
    if (coverage === 'none' && !isMatched) return false
    const stat = this.#stat(key)
    if (stat === undefined) return false
    const type = Number(stat.mode) & TYPE_MASK
    if (!isMatched && type !== TYPE_DIRECTORY) return false
    if (this.#artefacts.has(key) && type !== TYPE_DIRECTORY) {
      this.scan.artefacts.push({ key, stat: fileStat(stat) })
      return false
    }
    const level = ignore === undefined ? undefined : this.#levelOf(lazy)
    const rule = level === undefined ? undefined : matchIgnore(level, key, type === TYPE_DIRECTORY)
    if (name === '.git' && rule?.isNegated !== true) {
      if (!isExcluding(rule)) this.scan.skippedGit.push(key)
      return false
    }
    if (isExcluding(rule)) {
      if (ignored === true) this.scan.ignored.push({ key, stat: fileStat(stat) })
      return false
    }
    if (isReservedName(fromByteString(name))) return this.#refuse(key, 'name-reserved')
    if (type === TYPE_DIRECTORY) return this.#scanUntrackedDirectory(key, stat, lazy, isCollapsed)
    if (type !== TYPE_FILE && type !== TYPE_SYMLINK) return this.#refuse(key, 'special-file')
    this.#pushUntracked(directory, name, stat)
    return true
  }

  #refuse(key: string, reason: 'name-not-utf8' | 'name-reserved' | 'special-file'): false {
    this.scan.problems.push({ key, reason })
    return false
  }

  #scanUntrackedDirectory(key: string, stat: BigIntStats, above: LazyLevel, isCollapsed: boolean): boolean {
    const directory = `${key}/`
    const names = this.#list(directory)
    if (names === undefined || this.#isNestedRepository(directory, names)) return false
    const isMatched = this.#options.filter?.matches(key) ?? true
    if (names.length === 0) {
      if (isMatched) this.#pushUntracked('', key, stat)
      return isMatched
    }
    const level = { directory, above, hasFile: names.includes(IGNORE_FILE), level: undefined }
    const before = this.scan.untracked.length
    let isRecordable = false
    for (const name of names) {
      if (!this.#scanUntracked(directory, name, level, isCollapsed)) continue
      isRecordable = true
      if (isCollapsed && isMatched && this.#options.ignored !== true) break
    }
    if (isCollapsed && isRecordable && isMatched) {
      this.scan.untracked.length = before
      this.#pushUntracked('', key, stat)
    }
    return isRecordable
  }

  #pushUntracked(directory: string, name: string, stat: BigIntStats): void {
    const { found } = this.#options
    if (found === undefined) this.scan.untracked.push({ key: directory + name, stat: fileStat(stat) })
    else found.push(directory, name, stat)
  }

  #isNestedRepository(directory: string, names: string[]): boolean {
    if (!names.includes('.jzfs')) return false
    this.scan.problems.push({ key: directory.slice(0, -1), reason: 'nested-repository' })
    return true
  }

  #levelOf(lazy: LazyLevel): IgnoreLevel {
    if (lazy.level !== undefined) return lazy.level
    if (lazy.above === undefined) return (lazy.level = this.#options.ignore as IgnoreLevel)
    const above = this.#levelOf(lazy.above)
    const rule = matchIgnore(above, lazy.directory.slice(0, -1), true)
    lazy.level = enterDirectory(this.#options.worktree, above, lazy.directory, rule, lazy.hasFile)
    return lazy.level
  }

  /** The names in a directory as byte strings; undefined where it cannot be listed. */
  #list(directory: string): string[] | undefined {
    try {
      return readdirSync(this.#prefix + fromByteString(directory), NAMES_AS_BYTES)
    } catch (error) {
      if (!isMissing(error))
        this.scan.problems.push({ key: directory.slice(0, -1), reason: 'unreadable', cause: error })
      return undefined
    }
  }

  #stat(key: string): BigIntStats | undefined {
    try {
      return lstatSync(this.#prefix + fromByteString(key), STAT_OPTIONS)
    } catch (error) {
      if (!isMissing(error)) this.scan.problems.push({ key, reason: 'unreadable', cause: error })
      return undefined
    }
  }
}

/** The part of the stat data that is kept. */
export function fileStat(stat: BigIntStats): FileStat {
  return {
    mode: Number(stat.mode),
    size: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    inode: BigInt.asIntN(64, stat.ino),
  }
}

function isMissing(error: unknown): boolean {
  const code = fsErrorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
