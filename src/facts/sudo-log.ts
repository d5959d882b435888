import type { Question } from './question.ts';

/** The lines of sudoers that make sudo keep the input or the output of commands. */
export interface SudoLog {
  /** `FILE:NUMBER: LINE`; without a number for sudoers in a directory. */
  readonly lines: readonly string[];
  /** sudo-rs reads these lines and logs nothing. */
  readonly isRust: boolean;
}

// sudoers(5): log_input and log_output, since sudo 1.9.15 also log_stdin, log_stdout, log_stderr, log_ttyin and log_ttyout, for all commands or
// for some (`Defaults!CMND`, `Defaults:USER`), and the tags LOG_INPUT and LOG_OUTPUT of a rule. Included files count; a line
// that ends with a backslash goes on. sudoers of a directory are listed by sudo itself.
const SCRIPT = String.raw`
seen=
word='(^|[^!A-Za-z_])(log_(input|output|stdin|stdout|stderr|ttyin|ttyout))([^A-Za-z_]|$)|(^|[^!A-Za-z_])LOG_(INPUT|OUTPUT):'
include='^[[:space:]]*[@#]include(dir)?[[:space:]]+(.+)$'
scan() {
  local file=$1 depth=$2 line text= number=0 from=0 path each
  [ -f "$file" ] && [ "$depth" -lt 10 ] || return
  case $seen in *"|$file|"*) return;; esac
  seen+="|$file|"
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1)); [ -n "$text" ] || from=$number
    if [[ $line == *\\ ]]; then text+=${'${line%?}'}' '; continue; fi
    line=$text$line text=
    if [[ $line =~ $include ]]; then
      path=${'${BASH_REMATCH[2]}'}; path=${'${path#\\"}'}; path=${'${path%\\"}'}; path=${'${path%%[[:space:]]}'}
      path=${'${path//%h/$(hostname -s)}'}
      case $path in /*) ;; *) path=/etc/$path;; esac
      if [ -n "${'${BASH_REMATCH[1]}'}" ]; then
        for each in "$path"/*; do case ${'${each##*/}'} in *.*|*~) ;; *) scan "$each" $((depth + 1));; esac; done
      else scan "$path" $((depth + 1)); fi
      continue
    fi
    [[ $line =~ ^[[:space:]]*# ]] && continue
    [[ $line =~ $word ]] && printf '%s:%s: %s\n' "$file" "$from" "$line"
  done < "$file"
}
case $(sudo -V 2>/dev/null </dev/null | head -n 1) in
  *sudo-rs*) echo rust; [ ! -f /etc/sudoers-rs ] || { scan /etc/sudoers-rs 0; exit 0; };;
esac
scan /etc/sudoers 0
if grep -qsE '^[[:space:]]*sudoers:.*(sss|ldap)' /etc/nsswitch.conf; then
  sudo -n -l -U "${'${SUDO_USER:-root}'}" 2>/dev/null </dev/null | grep -E "$word" | while IFS= read -r line; do printf 'directory: %s\n' "$line"; done
fi
exit 0
`;

/** The lines of sudoers that log input or output, from all its files. */
export const sudoLogQuestion: Question<SudoLog> = {
  script: SCRIPT,
  as: 'root',
  parse: ({ stdout }) => {
    const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
    return { lines: lines.filter((line) => /^(?:\/|directory:)/.test(line)), isRust: lines.includes('rust') };
  },
};
