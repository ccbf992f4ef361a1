/** A message in two parts, as git takes them apart: the first paragraph in one line, and the rest. */
export interface MessageParts {
  subject: string
  /** With one line feed at the end, or ''. */
  body: string
}

/** Takes a message apart. */
export function messageParts(message: string): MessageParts {
  const lines = message.replace(/^(?:[ \t]*\n)+/, '').split('\n')
  const end = lines.findIndex((line) => line.trim() === '')
  const subject = (end === -1 ? lines : lines.slice(0, end)).map((line) => line.trimEnd()).join(' ')
  const body =
    end === -1
      ? ''
      : lines
          .slice(end)
          .join('\n')
          .replace(/^\s*\n/, '')
          .trimEnd()
  return { subject, body: body === '' ? '' : `${body}\n` }
}

/** The lines of a message as `git log` shows them: indented, tabs as spaces, no empty lines at the ends. */
export function indentMessage(message: string): string[] {
  const trimmed = message.replace(/^(?:[ \t]*\n)+/, '').trimEnd()
  return trimmed === '' ? [] : trimmed.split('\n').map((line) => `    ${expandTabs(line.trimEnd())}`)
}

function expandTabs(line: string): string {
  let expanded = ''
  for (const piece of line.split(/(\t)/)) {
    expanded += piece === '\t' ? ' '.repeat(8 - (expanded.length % 8)) : piece
  }
  return expanded
}
