import { escapeControls } from '../../model/quote-name.ts'

/**
 * A line of the log as people read it: `20:15:03 warn  sync refused  peer=12D3… code=not-served`. What is no entry (the last
 * words of a process that crashed) stays as it is, but for control characters.
 */
export function prettyLine(line: string, { color }: { color: boolean }): string {
  const entry = parse(line)
  if (entry === undefined) return escapeControls(line)
  const { level, time, event, ...fields } = entry
  const at = new Date(String(time))
  const clock = Number.isNaN(at.getTime()) ? String(time) : at.toLocaleTimeString('en-GB')
  const label = String(level).padEnd(5)
  const paint = COLORS[String(level)]
  const shown = color && paint !== undefined ? `\u001b[${paint}m${label}\u001b[39m` : escapeControls(label)
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`)
  return `${clock} ${shown} ${escapeControls(`${String(event)} ${rest.join('')}`.trimEnd())}`
}

/** SGR codes. */
const COLORS: Record<string, number | undefined> = { debug: 90, info: 32, warn: 33, error: 31 }

function textOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'undefined'
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}
