import { quote } from '../../core/shell.ts';
import type { CompletedCommand, Values } from './grammar.ts';

/** The shells that a completion exists for. */
export const SHELLS = ['bash', 'zsh'] as const;

/** One of the shells. */
export type Shell = (typeof SHELLS)[number];

/** The script that a shell reads to complete hxllm. */
export function completionScript(shell: Shell, grammar: readonly CompletedCommand[], version: string): string {
  const head = shell === 'zsh' ? '#compdef hxllm\n' : '';
  return `${head}# Completion of hxllm ${version} for ${shell}: made by hxllm completion ${shell}\n${tables(grammar)}${REPLY}${shell === 'bash' ? BASH : ZSH}`;
}

// Functions that both shells understand: POSIX with `local`. A table is a case, since bash 3 and 4 differ in their arrays.
function tables(grammar: readonly CompletedCommand[]): string {
  const rows = (of: (command: CompletedCommand) => string): string =>
    grammar.map((command) => `    ${quote(command.path)}) echo ${quote(of(command))} ;;\n`).join('');
  const values = grammar.flatMap(({ path, values: all }) =>
    [...Map.groupBy(all, ([, kind]) => wordOf(kind))].map(
      ([kind, flags]) => `    ${flags.map(([flag]) => quote(`${path} ${flag}`)).join(' | ')}) echo ${quote(kind)} ;;\n`,
    ),
  );
  return `__hxllm_commands() {
  case $1 in
${rows(({ commands }) => commands.join(' '))}  esac
}
__hxllm_flags() {
  case $1 in
${rows(({ flags }) => flags.join(' '))}  esac
}
__hxllm_argument() {
  case $1 in
${rows(({ argument }) => wordOf(argument))}  esac
}
__hxllm_value() {
  case "$1 $2" in
${values.join('')}  esac
}
`;
}

function wordOf(values: Values): string {
  return typeof values === 'string' ? values : `words ${values.join(' ')}`;
}

// Prints what fits: a first line `files`, or words. $1 is the program, $2 the word under the cursor, the rest the words before it.
const REPLY = `__hxllm_reply() {
  local program=$1 cur=$2 at= expect= word kind
  shift 2
  for word; do
    [ "$word" = "=" ] && continue
    if [ -n "$expect" ]; then expect=; continue; fi
    case $word in
      --*=*) ;;
      -*) expect=$(__hxllm_value "$at" "$word") ;;
      *) case " $(__hxllm_commands "$at") " in *" $word "*) at=\${at:+$at }$word ;; esac ;;
    esac
  done
  if [ -n "$expect" ]; then kind=$expect
  else
    case $cur in
      -*) __hxllm_flags "$at"; return ;;
    esac
    __hxllm_commands "$at"
    kind=$(__hxllm_argument "$at")
  fi
  case $kind in
    files) echo files ;;
    hosts) "$program" completion hosts -- "$@" 2>/dev/null ;;
    words*) echo "\${kind#words}" ;;
  esac
}
`;

const BASH = `_hxllm() {
  local cur=\${COMP_WORDS[COMP_CWORD]} reply
  # bash takes = for a word of its own.
  [ "$cur" != "=" ] || cur=
  reply=$(__hxllm_reply "\${COMP_WORDS[0]}" "$cur" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  if [ "$reply" = files ]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=()
    while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -f -- "$cur")
  else
    COMPREPLY=($(compgen -W "$reply" -- "$cur"))
  fi
}
complete -F _hxllm hxllm
`;

const ZSH = `_hxllm() {
  local cur=\${words[CURRENT]} flag= reply
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
  # zsh leaves --flag=value in one piece.
  case $cur in --*=*) flag=\${cur%%=*}; before+=("$flag"); cur=\${cur#*=}; compset -P '*=' ;; esac
  reply=$(__hxllm_reply "\${words[1]}" "$cur" "\${(@)before}")
  if [ "$reply" = files ]; then _files
  else compadd -- \${=reply}
  fi
}
if [ "\${funcstack[1]}" = _hxllm ]; then _hxllm "$@"; else compdef _hxllm hxllm; fi
`;
