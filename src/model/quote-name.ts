/** A name as git prints it: quoted like a C string where it has a quote, a backslash or a control character. */
export function quoteName(name: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f"\\\u007f]/.test(name)) return name
  // oxlint-disable-next-line no-control-regex
  return `"${name.replaceAll(/[\u0000-\u001f"\\\u007f]/g, escapeCharacter)}"`
}

/** A text with its control characters escaped: one line, that cannot command a terminal, whatever names are in it. */
export function escapeControls(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const letter = LETTERS[character]
  return `\\${letter ?? character.charCodeAt(0).toString(8).padStart(3, '0')}`
}

const LETTERS: Readonly<Record<string, string>> = { '\n': 'n', '\t': 't', '\r': 'r', '"': '"', '\\': '\\' }
