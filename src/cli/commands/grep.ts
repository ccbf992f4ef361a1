import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { searchContent } from '../../repo/grep/search-content.ts'
import { createSearch, type Search } from '../../repo/grep/search.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { readColor, withColor } from '../diff/color-option.ts'
import { createGatheredBytes } from '../grep/gathered-bytes.ts'
import {
  addGrepOptions,
  type GrepFlags,
  hasContext,
  readFileSearch,
  readSyntax,
  showsNamesOnly,
} from '../grep/grep-flags.ts'
import { createDocumentRenderer, createFindingRenderer, type FindingStyle } from '../grep/render-findings.ts'
import { type SearchedPlace, searchedPlaces } from '../grep/searched-places.ts'
import { withRepository } from '../here.ts'
import { divideOperands } from '../operands.ts'
import { withPager } from '../pager.ts'
import { revisionOptions, splitArguments } from '../revisions.ts'
import { jsonLine, type Terminal } from '../terminal.ts'

/** `jzfs grep`: looks for text in files of the working tree, the index, or revisions. */
export const grep: CommandModule = {
  attachedValues: { '--color': 'always' },
  configure(command, context) {
    addGrepOptions(command.argument('[operand...]', '[PATTERN] [REV...] [--] [PATH...]; no PATTERN with -e or -f'))
      .addHelpText('after', WORDS)
      .action((operands: string[], flags: GrepFlags) => runGrep(context, command, operands, flags))
  },
}

const WORDS = `
The exit status is 0 if anything is found, else 1. A file with NUL in its first 8000 bytes,
or with a line of more than 8 MiB, is binary.`

async function runGrep(context: Context, command: Command, operands: string[], flags: GrepFlags): Promise<void> {
  const { patterns, rest } = readPatterns(context, command, operands, flags)
  const search = createSearch(patterns, {
    syntax: readSyntax(flags),
    ignoresCase: flags.ignoreCase,
    wholeWords: flags.wordRegexp,
  })
  const color = readColor(flags.color)
  await withRepository(context, async (repository) => {
    const split = await splitArguments(context, repository, rest, revisionOptions(context, repository))
    const places = await searchedPlaces(context, repository, split, flags)
    context.status = 1
    await withPager(context, repository.config, async (terminal) => {
      const printing = new Printing(withColor(terminal, color), search, flags)
      try {
        for (const place of places) if (!printing.isDone) await printing.printPlace(place)
      } finally {
        // Also where the reader of a pager has seen enough.
        if (printing.hasFound) context.status = 0
      }
    })
  })
}

/** The first operand is the pattern, where none is given with an option. InvalidError `usage`. */
function readPatterns({ cwd }: Context, command: Command, operands: string[], flags: GrepFlags) {
  const rest = divideOperands(command, operands)
  const { regexp, file } = flags
  const isGiven = regexp !== undefined || file !== undefined
  const before = rest.before.slice(1)
  const patterns = isGiven
    ? [...(regexp ?? []), ...(file ?? []).flatMap((each) => patternsOfFile(resolve(cwd, each)))]
    : rest.before.slice(0, 1)
  if (patterns.length > 0) return { patterns, rest: isGiven ? rest : { ...rest, before } }
  throw new InvalidError('usage', 'grep: no pattern is given', { hint: 'write `jzfs grep PATTERN`' })
}

function patternsOfFile(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  } catch (error) {
    throw explainFsError(error, path)
  }
}

/** Prints what is found, file by file. */
class Printing {
  hasFound = false
  readonly #flags: GrepFlags
  readonly #search: Search
  readonly #output
  readonly #style: FindingStyle
  readonly #text
  readonly #documents

  constructor(terminal: Terminal, search: Search, flags: GrepFlags) {
    this.#flags = flags
    this.#search = search
    this.#output = createGatheredBytes(terminal)
    this.#style = {
      terminal,
      search,
      showsName: flags.filename,
      showsNumber: flags.lineNumber === true,
      showsColumn: flags.column === true,
      // As git: of a line that does not match there is no part that does.
      onlyMatching: flags.onlyMatching === true && flags.invertMatch !== true,
      isInverted: flags.invertMatch === true,
      heading: flags.heading === true,
      break: flags.break === true,
      hasContext: hasContext(flags),
      nul: flags.null === true,
    }
    this.#text = createFindingRenderer(this.#style)
    this.#documents = createDocumentRenderer(this.#style)
  }

  /** Whether nothing more is to be known. */
  get isDone(): boolean {
    return this.hasFound && this.#flags.quiet === true
  }

  async printPlace({ revision, files, shownPath }: SearchedPlace): Promise<void> {
    const options = readFileSearch(this.#flags)
    const withRevision = revision === undefined ? {} : { revision }
    for await (const file of files) {
      const path = shownPath(file.path)
      const place = { ...withRevision, path }
      const name = this.#nameOf(revision, path)
      this.#text.nextFile()
      const count = await searchContent(this.#search, file.content(), {
        ...options,
        onFinding: (finding) => {
          this.hasFound = true
          const shown = this.#flags.json ? this.#documents(place, finding) : this.#text.render(name, finding)
          for (const bytes of shown) this.#output.add(bytes)
        },
        onPiece: () => this.#output.flushIfFull(),
      })
      file.isSilent = !this.#conclude(place, name, count)
      await this.#output.flushIfFull()
      if (this.isDone) break
    }
    await this.#output.flush()
  }

  /** Prints what is said of a file as a whole; whether anything was found. */
  #conclude(place: { revision?: string; path: string }, name: string, count: number): boolean {
    const { quiet, json, null: nul, filesWithoutMatch, count: counts } = this.#flags
    const isFound = filesWithoutMatch ? count === 0 : count > 0
    if (!isFound) return false
    this.hasFound = true
    if (quiet) return true
    if (showsNamesOnly(this.#flags)) this.#add(json ? jsonLine(place) : name + (nul ? '\0' : '\n'))
    else if (counts) {
      const shownName = this.#style.showsName ? name + (nul ? '\0' : ':') : ''
      this.#add(json ? jsonLine({ ...place, count }) : `${shownName}${count}\n`)
    }
    return true
  }

  #nameOf(revision: string | undefined, path: string): string {
    const shown = this.#flags.null ? path : quoteName(path)
    if (revision === undefined) return shown
    return path === '' ? revision : `${revision}:${shown}`
  }

  #add(text: string): void {
    this.#output.add(Buffer.from(text))
  }
}
