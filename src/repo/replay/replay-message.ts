import type { CID } from 'multiformats/cid'

/** The message of a commit that is picked: its own, and with `recordsOrigin` where it comes from. */
export function pickMessage(commit: CID, message: string, recordsOrigin: boolean): string {
  if (!recordsOrigin) return message
  const text = message.trimEnd()
  const separator = text === '' ? '' : endsWithTrailers(text) ? '\n' : '\n\n'
  return `${text}${separator}(cherry picked from commit ${commit.toString()})\n`
}

/** The message of a commit that takes back another; `mainline` is the parent that a merge goes back to. */
export function revertMessage(commit: CID, message: string, mainline: CID | undefined): string {
  const what =
    mainline === undefined
      ? `This reverts commit ${commit.toString()}.`
      : `This reverts commit ${commit.toString()}, reversing\nchanges made to ${mainline.toString()}.`
  return `Revert "${subjectOf(message)}"\n\n${what}\n`
}

/** The first paragraph of a message in one line. */
export function subjectOf(message: string): string {
  return (/^\s*([\s\S]*?)(?:\n\s*\n|$)/.exec(message)?.[1] ?? '').trimEnd().replaceAll(/\s*\n/g, ' ')
}

/** Whether the last paragraph, and not the only one, is a list of `Key: value`: another line can follow at once. */
function endsWithTrailers(text: string): boolean {
  const paragraphs = text.split(/\n\s*\n/)
  const last = paragraphs.at(-1)?.split('\n') ?? []
  return paragraphs.length > 1 && last.every((line) => TRAILER.test(line))
}

const TRAILER = /^(?:[A-Za-z0-9-]+\s*:\s|\(cherry picked from commit )/
