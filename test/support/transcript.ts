import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** One `$ command` of a transcript, what it shall print (both streams, `[exit N]` last when not 0), and where it stands. */
export interface Step {
  command: string
  expected: string[]
  line: number
}

/** A step and what it really printed. */
export interface RunStep extends Step {
  actual: string[]
}

const FENCE = '```'

/** How long a whole transcript may take. */
const TIMEOUT_MS = 100_000

/** The steps of the `console` blocks of a Markdown text. A command goes on over lines that begin with `> `. */
export function parseTranscript(markdown: string): Step[] {
  const steps: Step[] = []
  let inside = false
  for (const [index, line] of markdown.split('\n').entries()) {
    if (line.startsWith(FENCE)) inside = line === `${FENCE}console`
    else if (!inside) continue
    else if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [], line: index + 1 })
    else if (line.startsWith('> ') && steps.at(-1)?.expected.length === 0) steps.at(-1)!.command += `\n${line.slice(2)}`
    else steps.at(-1)?.expected.push(line)
  }
  return steps
}

/** Runs the steps one after the other in one shell, so that `cd` and variables last. */
export async function runTranscript(
  steps: Step[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<RunStep[]> {
  const mark = '\u0001step-ended'
  const script = steps.map(({ command }) => `${command}\nprintf '\\n${mark} %s\\n' "$?"`).join('\n')
  // What a step left in the background ends with the shell.
  const start = `exec 2>&1\ntrap 'kill $(jobs -p) 2> /dev/null' EXIT TERM`
  const shell = spawn('bash', ['-c', `${start}\n${script}`], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
  const [printed] = await Promise.all([text(shell.stdout), once(shell, 'exit')])
  const pieces = printed.split(new RegExp(`\\n${mark} (\\d+)\\n`))
  return steps.map((step, index) => {
    const output = pieces[index * 2]?.replace(/\n$/, '') ?? '(did not run)'
    const status = pieces[index * 2 + 1]
    const actual = output === '' ? [] : output.split('\n')
    return { ...step, actual: status === '0' ? actual : [...actual, `[exit ${status}]`] }
  })
}

/** Whether output is as expected: `[..]` stands for anything within a line, a line `...` for any lines. */
export function outputMatches(expected: string[], actual: string[]): boolean {
  const pattern = expected
    .map((line) => (line === '...' ? '(?:[^\\n]*\\n)*?' : `${line.split('[..]').map(escapeRegExp).join('[^\\n]*')}\\n`))
    .join('')
  return new RegExp(`^${pattern}$`).test(actual.map((line) => `${line}\n`).join(''))
}

/** The Markdown with what the steps really printed, where that does not match. */
export function updatedTranscript(markdown: string, steps: RunStep[]): string {
  const lines = markdown.split('\n')
  for (const step of steps.toReversed()) {
    if (outputMatches(step.expected, step.actual)) continue
    const start = step.line + step.command.split('\n').length - 1
    lines.splice(start, step.expected.length, ...step.actual)
  }
  return lines.join('\n')
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
