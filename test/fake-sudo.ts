/**
 * A sudo that takes a password as sudo 1.9 does: `-n` asks for none and refuses, `-S` reads a line for each of three tries, and a lecture and
 * a prompt without a line end come first, or the one of SUDO_PROMPT. `-k` reads the password even where none is needed. Each try is a line in
 * `tries`. `refusal` is its word for a wrong password.
 */
export function passwordSudo(folder: string, password: string, free = false, refusal = 'Sorry, try again.'): string {
  return `#!/bin/bash
[ "$1" = -V ] && { echo 'Sudo version 1.9.13p3'; exit; }
n= s= k=
while [ $# -gt 0 ]; do case $1 in -n) n=1;; -S) s=1;; -k) k=1;; --) shift; break;; -*) ;; *) break;; esac; shift; done
printf '%s ' "$@" >> '${folder}/arguments'
run() { echo granted >> '${folder}/tries'; exec "$@"; }
[ -z "${free ? '1' : ''}" ] || [ -n "$k" ] || run "$@"
[ -z "$n" ] || { echo 'sudo: a password is required' >&2; exit 1; }
[ -n "$s" ] || { echo 'sudo: a terminal is required to read the password' >&2; exit 1; }
printf '\\nWe trust you have received the usual lecture.\\n\\n' >&2
for try in 1 2 3; do
  printf %s "\${SUDO_PROMPT-[sudo] password for ada: }" >&2
  IFS= read -r line || { [ $try = 1 ] && echo 'sudo: no password was provided' >&2 || echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
  [ "$line" != '${password}' ] || run "$@"
  echo "refused $line" >> '${folder}/tries'
  echo "${refusal}" >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
`;
}
