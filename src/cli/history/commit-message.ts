/** A message in two parts, as git takes them apart: the first paragraph in one line, and the rest. */
export interface MessageParts {
  subject: string
  /** The lines of the first paragraph. */
  firstLines: readonly string[]
  body: string
}

/** Takes a message apart. */
export function messageParts(message: string): MessageParts {
  if (isPlainLine(message)) {
    const subject = message.slice(0, -1)
    return { subject, firstLines: [subject], body: '' }
  }
  const lines = withoutLeadingLines(message).split('\n')
  const end = lines.findIndex((line) => line.trim() === '')
  const first = (end === -1 ? lines : lines.slice(0, end)).map((line) => line.trimEnd())
  const body = end === -1 ? '' : withoutLeadingLines(lines.slice(end).join('\n'))
  return { subject: first.join(' '), firstLines: first, body }
}

/** The lines of a message as `git log` shows them: indented, no empty lines at the ends, tabs as they are or as spaces. */
export function indentMessage(message: string, tabs: 'tabs' | 'spaces' = 'spaces'): string {
  if (isPlainLine(message)) return `    ${message}`
  const trimmed = withoutLeadingLines(message).trimEnd()
  if (trimmed === '') return ''
  const shown = (line: string) => (tabs === 'tabs' ? line.trimEnd() : expandTabs(line.trimEnd()))
  return trimmed
    .split('\n')
    .map((line) => `    ${shown(line)}\n`)
    .join('')
}

/** Whether a message is one line and there is nothing to be trimmed, as most are. */
function isPlainLine(message: string): boolean {
  return /^\S(?:[^\t\n]*\S)?\n$/.test(message)
}

/** A message for a terminal: what would move its cursor or change its state is shown as `^[` and the like. */
export function printableMessage(message: string): string {
  // oxlint-disable-next-line no-control-regex
  return message.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x80 ? `^${String.fromCharCode(code ^ 0x40)}` : '?'
  })
}

function withoutLeadingLines(text: string): string {
  return text.replace(/^(?:[ \t]*\n)+/, '')
}

function expandTabs(line: string): string {
  let expanded = ''
  for (const piece of line.split(/(\t)/)) {
    expanded += piece === '\t' ? ' '.repeat(8 - (expanded.length % 8)) : piece
  }
  return expanded
}
