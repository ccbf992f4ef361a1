import type { Command } from 'commander'

import { formatIdentity } from '../../model/commit/person.ts'
import type { PlainCommit } from '../../model/commit/plain-commit.ts'
import type { HistoryCommit } from '../../repo/history.ts'
import { commitsByPerson, type PersonCommits, type PersonRule } from '../../repo/history/commits-by-person.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { gatherOutput } from '../gathered-output.ts'
import { withRepository } from '../here.ts'
import { messageParts, printableMessage } from '../history/commit-message.ts'
import { readCommitStyle } from '../history/commit-style.ts'
import { renderCommit } from '../history/commit-text.ts'
import { addHistoryOptions, HISTORY_VALUES, type HistoryFlags } from '../history/history-options.ts'
import { selectHistory } from '../history/select-history.ts'
import { readLineWidths } from '../history/shortlog-lines.ts'
import { type Wrapping, wrapText } from '../history/template-layout.ts'
import { withPager } from '../pager.ts'
import type { Terminal } from '../terminal.ts'

interface ShortlogFlags extends HistoryFlags {
  numbered?: true
  summary?: true
  email?: true
  byCommitter?: true
  wrap?: string
  format?: string
  json?: true
}

/** `jzfs shortlog`: lists commits by who made them. */
export const shortlog: CommandModule = {
  attachedValues: { ...HISTORY_VALUES, '-w': '76', '--wrap': '76' },
  configure(command, context) {
    addHistoryOptions(command, { maxCount: '--max-count <number>' })
      .option('-n, --numbered', 'show those with the most commits first')
      .option('-s, --summary', 'show only how many there are of each')
      .option('-e, --email', 'tell persons apart by their email too, and show it')
      .option('-c, --by-committer', 'list by who recorded a commit, not by who wrote it')
      .option('-w, --wrap [widths]', 'wrap lines: WIDTH,FIRST,REST, by default 76,6,9')
      .option('--format <template>', 'show commits by a template, not by the first lines of their messages')
      .option('--json', 'print one JSON document')
      .action((operands: string[], flags: ShortlogFlags) => runShortlog(context, command, operands, flags))
  },
}

function runShortlog(context: Context, command: Command, operands: string[], flags: ShortlogFlags): Promise<void> {
  return withRepository(context, async (repository) => {
    const wrapping = flags.wrap === undefined ? undefined : readLineWidths(flags.wrap)
    // What cannot be shown is said before a pager takes the screen.
    const titleOf = titles(context, context.terminal, flags)
    const { commits, graph } = await selectHistory(context, repository, { command, operands, flags })
    const rule: PersonRule = {
      role: flags.byCommitter ? 'committer' : 'author',
      byEmail: flags.email === true,
      order: flags.numbered ? 'count' : 'name',
      signal: context.signal,
    }
    if (flags.json) {
      const describe = (id: string, { message }: PlainCommit) => ({
        commit: id,
        subject: messageParts(message).subject,
      })
      const persons = await commitsByPerson(graph, commits, rule, flags.summary ? undefined : describe)
      return context.terminal.json({ persons: persons.map((person) => personDocument(person, flags.summary === true)) })
    }
    const persons = await commitsByPerson(graph, commits, rule, flags.summary ? undefined : titleOf)
    await withPager(context, repository.config, (terminal) =>
      gatherOutput(terminal, async (output) => {
        for (const person of persons) {
          await output.add(flags.summary ? summaryLine(terminal, person) : personLines(terminal, person, wrapping))
        }
      }),
    )
  })
}

/** What stands in the list for a commit: its subject without `[PATCH 1/2]`, or what the template gives. */
function titles(context: Context, terminal: Terminal, { format, leftRight }: ShortlogFlags) {
  const style = format === undefined ? undefined : readCommitStyle(context, terminal, { format })
  return (id: string, commit: PlainCommit, side: HistoryCommit['side']): string => {
    const mark = side && leftRight ? (side === 'left' ? '<' : '>') : undefined
    if (style !== undefined) return renderCommit({ id, commit, decorations: [], mark }, style).trimEnd()
    const { subject } = messageParts(commit.message)
    return subject.replace(/^\[PATCH[^\]]*\]\s*/, '') || '<none>'
  }
}

function summaryLine(terminal: Terminal, person: PersonCommits<string>): string {
  return `${String(person.count).padStart(6)}\t${shownName(terminal, person)}\n`
}

function personLines(terminal: Terminal, person: PersonCommits<string>, wrapping: Wrapping | undefined): string {
  const lines = person.titles.toReversed().map((title) => {
    const shown = terminal.interactive ? printableMessage(title) : title
    return `${wrapping === undefined ? `      ${shown}` : wrapText(shown, wrapping)}\n`
  })
  return `${shownName(terminal, person)} (${person.count}):\n${lines.join('')}\n`
}

function shownName(terminal: Terminal, { name, email }: PersonCommits<unknown>): string {
  const shown = email === undefined ? name : formatIdentity({ name, email })
  return terminal.interactive ? printableMessage(shown) : shown
}

function personDocument({ name, email, count, titles: commits }: PersonCommits<object>, isSummary: boolean) {
  return { name, email, count, commits: isSummary ? undefined : commits.toReversed() }
}
