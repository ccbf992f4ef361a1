import { realpathSync } from 'node:fs'
import { text } from 'node:stream/consumers'

import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { openIgnoreCheck } from '../../worktree/ignore/check-ignored.ts'
import type { IgnoreMatch } from '../../worktree/ignore/ignore.ts'
import { plainPath } from '../../worktree/pathspec/pathspec.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withWorktree } from '../here.ts'

interface CheckIgnoreFlags {
  verbose?: true
  nonMatching?: true
  stdin?: true
  nul?: true
  quiet?: true
  index?: false
  json?: true
}

/** `jzfs check-ignore`: shows which ignore rule excludes a path. */
export const checkIgnore: CommandModule = {
  configure(command, context) {
    command
      .argument('[path...]', 'the paths to ask about')
      .option('-v, --verbose', 'show the rule that decides, also one that says: not ignored')
      .option('-n, --non-matching', 'with -v: show also paths that no rule matches')
      .option('--stdin', 'read the paths from standard input, one a line')
      .option('-z, --nul', 'end what is read and printed with NUL')
      .option('-q, --quiet', 'print nothing: the exit status tells')
      .option('--no-index', 'ask the rules about tracked paths, too')
      .option('--json', 'print a JSON document a line')
      .action((named: string[], flags: CheckIgnoreFlags) =>
        withWorktree(context, async (repository) => {
          checkUsage(named, flags)
          const paths = flags.stdin ? await readPaths(flags) : named
          const base = { worktree: repository.worktree, cwd: realpathSync(context.cwd) }
          const check = await openIgnoreCheck(repository, { noIndex: flags.index === false, signal: context.signal })
          let isAny = false
          for (const path of paths) {
            const found = check(plainPath(path, base), { isDirectory: path.endsWith('/') })
            // A rule that says "not ignored" counts only where rules are what is asked for.
            const match = flags.verbose || found?.isIgnored === true ? found : undefined
            isAny ||= match !== undefined
            await print(context, path, match, flags)
          }
          if (!isAny) context.status = EXIT.partial
        }),
      )
  },
}

function checkUsage(named: string[], { stdin, nul, nonMatching, verbose, quiet }: CheckIgnoreFlags): void {
  const problem =
    stdin && named.length > 0
      ? 'paths are named, and --stdin is given'
      : !stdin && named.length === 0
        ? 'no path is named'
        : nul && !stdin
          ? '-z needs --stdin'
          : nonMatching && !verbose
            ? '-n needs -v'
            : quiet && verbose
              ? '-q and -v exclude each other'
              : undefined
  if (problem === undefined) return
  throw new InvalidError('usage', `check-ignore: ${problem}`, { hint: 'see `jzfs check-ignore --help`' })
}

async function readPaths({ nul }: CheckIgnoreFlags): Promise<string[]> {
  const input = await text(process.stdin)
  return input.split(nul ? '\0' : '\n').filter((path) => path !== '')
}

async function print(
  { terminal }: Context,
  path: string,
  match: IgnoreMatch | undefined,
  { verbose, nonMatching, nul, quiet, json }: CheckIgnoreFlags,
): Promise<void> {
  if (quiet || (match === undefined && !nonMatching)) return
  if (json) return terminal.json({ path, ...match })
  const end = nul ? '\0' : '\n'
  const name = nul ? path : quoteName(path)
  if (!verbose) return terminal.out(name + end)
  const { source, line, pattern } = match ?? { source: '', line: '', pattern: '' }
  await terminal.out(nul ? [source, line, pattern, path, ''].join('\0') : `${source}:${line}:${pattern}\t${name}\n`)
}
