import { InvalidError } from '../../model/errors.ts'
import { COMMAND_GROUPS } from '../command-table.ts'
import type { CommandModule } from '../command.ts'

/** `jzfs completion`: prints a script that completes commands, branches and paths in a shell. */
export const completion: CommandModule = {
  configure(command, context) {
    command.argument('<shell>', 'bash, zsh or fish').action(async (shell: string) => {
      const script = SCRIPTS[shell]
      if (script === undefined) {
        throw new InvalidError('usage', `no completion for ${shell}`, { hint: 'there is one for bash, zsh and fish' })
      }
      await context.terminal.out(script())
    })
  },
}

const SCRIPTS: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** The commands whose first argument is a branch or another revision. */
const TAKES_REVISION = 'switch branch tag log show diff restore rev-parse rev-list verify ls cat publish'

function commands(): { name: string; summary: string }[] {
  return COMMAND_GROUPS.flatMap((group) => group.commands)
}

function bashScript(): string {
  const names = commands().map(({ name }) => name)
  return `_jzfs() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$word"))
  elif [[ " ${TAKES_REVISION} " == *" \${COMP_WORDS[1]} "* ]]; then
    COMPREPLY=($(compgen -W "$(jzfs for-each-ref --format '%(refname:short)' 2>/dev/null)" -- "$word") $(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _jzfs jzfs
`
}

function zshScript(): string {
  const lines = commands().map(({ name, summary }) => `    '${name}:${summary.replaceAll("'", "'\\''")}'`)
  return `#compdef jzfs
_jzfs() {
  local -a commands
  commands=(
${lines.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  elif [[ " ${TAKES_REVISION} " == *" $words[2] "* ]]; then
    compadd -- $(jzfs for-each-ref --format '%(refname:short)' 2>/dev/null)
    _files
  else
    _files
  fi
}
compdef _jzfs jzfs
`
}

function fishScript(): string {
  const lines = commands().map(
    ({ name, summary }) =>
      `complete -c jzfs -n __fish_use_subcommand -f -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
  )
  const refs = "(jzfs for-each-ref --format '%(refname:short)' 2>/dev/null)"
  return `${lines.join('\n')}
complete -c jzfs -n '__fish_seen_subcommand_from ${TAKES_REVISION}' -a "${refs}"
`
}
