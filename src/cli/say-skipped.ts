import { quoteName } from '../model/quote-name.ts'
import type { AddResult } from '../worktree/add/add.ts'
import type { Terminal } from './terminal.ts'

/** Says what an add passed over: each `.git`, and once what is neither a file, a folder nor a symbolic link. */
export function saySkipped(terminal: Terminal, { skippedGit, skippedSpecial }: AddResult): void {
  for (const path of skippedGit) terminal.say(`skipped: ${quoteName(path)} (!.git in .jzfsignore keeps it)`)
  const [first, ...others] = skippedSpecial
  if (first === undefined) return
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  terminal.say(`skipped: ${quoteName(first)}${more} (neither file, folder nor symbolic link)`)
}
