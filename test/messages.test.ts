import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { COMMAND_GROUPS } from '../src/cli/command-table.ts'

const CHECKOUT = join(import.meta.dirname, '..')

/** The message of an error that is made, and any hint: the first part of the text as it stands in the source. */
const MESSAGE =
  /new (?:NotFound|Invalid|Conflict|Integrity|Unavailable)Error\(\s*(?:'[a-z-]+'|`[^`]*`),\s*(?<quote>['"`])(?<text>.*?)\k<quote>/g
const HINT = /\bhint: (?<quote>['"`])(?<text>(?:\\.|(?!\k<quote>).)*)\k<quote>/g

/** A command that is named without a backtick before it (with a backslash in a template). */
const COMMAND = new RegExp(`(?<!\`)jzfs (?:--help|\\$\\{name\\}|${commandNames().join('|')})\\b`)

interface Text {
  kind: string
  text: string
}

function commandNames(): string[] {
  return COMMAND_GROUPS.flatMap(({ commands }) => commands.map(({ name }) => name))
}

function textsOf(source: string): Text[] {
  const found = (kind: string, pattern: RegExp): Text[] =>
    Array.from(source.matchAll(pattern), ({ groups }) => ({ kind, text: groups!['text']! }))
  return [...found('message', MESSAGE), ...found('hint', HINT)]
}

/** What is wrong with the style of a text: undefined where nothing is. */
function problemOf({ kind, text }: Text): string | undefined {
  if (/^[A-Z](?:[a-z]|\s)/.test(text)) return 'begins with a capital letter'
  if (/[^.]\.$/.test(text)) return 'ends with a period'
  if (kind === 'hint' && COMMAND.test(text)) return 'has a command without backticks'
  return undefined
}

describe('what users read', () => {
  it('begins in lower case, has no final period, and names commands in backticks', () => {
    const files = globSync('src/**/*.ts', { cwd: CHECKOUT })
    const texts = files.flatMap((file) =>
      textsOf(readFileSync(join(CHECKOUT, file), 'utf8')).map((text) => ({ file, ...text })),
    )
    expect(texts.length).toBeGreaterThan(150)
    const wrong = texts.flatMap(({ file, ...text }) => {
      const problem = problemOf(text)
      return problem === undefined ? [] : [`${file}: ${text.kind} "${text.text}" ${problem}`]
    })
    expect(wrong).toEqual([])
  })

  it('is seen to break these rules', () => {
    const source = `
      throw new InvalidError('some-code', \`There is no \${name}\`, { hint: 'Give another' })
      throw new NotFoundError(
        'other-code',
        'nothing is here.',
        { hint: 'run "jzfs add"' },
      )`
    expect(textsOf(source).map(problemOf)).toEqual([
      'begins with a capital letter',
      'ends with a period',
      'begins with a capital letter',
      'has a command without backticks',
    ])
  })
})
