/**
 * Bash: `$keytab` is the path of the machine's keytab, and `principals FILE` prints its principals, one a line. klist is missing on hosts
 * that joined by realmd or adcli alone, so the file is read byte by byte (MIT's keytab file format, version 2); its keys are never printed.
 */
export const KEYTAB = `keytab=$(sed -nE 's/^[[:space:]]*default_keytab_name[[:space:]]*=[[:space:]]*((FILE|WRFILE):)?(.*[^[:space:]])[[:space:]]*$/\\3/p' /etc/krb5.conf 2>/dev/null | head -n 1)
keytab=\${keytab:-/etc/krb5.keytab}
principals() {
  local -a b=(); local at=2 next size count index length text realm
  [ "$(stat -Lc %s -- "$1")" -le 262144 ] || return 0
  read -r -d '' -a b < <(od -An -v -tu1 -- "$1")
  [ "\${b[0]:-}" = 5 ] && [ "\${b[1]:-}" = 2 ] || return 0
  short() { number=$((b[at] << 8 | b[at + 1])); at=$((at + 2)); }
  word() {
    short; length=$number text=
    for ((index = 0; index < length; index++)); do printf -v text '%s\\\\%03o' "$text" "\${b[at + index]:-0}"; done
    printf -v text %b "$text"; at=$((at + length))
  }
  while ((at + 4 <= \${#b[@]})); do
    size=$((b[at] << 24 | b[at + 1] << 16 | b[at + 2] << 8 | b[at + 3])); at=$((at + 4))
    # A negative size is the room of an entry that was removed.
    if ((size >= 1 << 31)); then at=$((at + (1 << 32) - size)); continue; fi
    ((size > 0)) || break
    next=$((at + size)); short; count=$number; word; realm=$text name=
    for ((; count > 0; count--)); do word; name=$name\${name:+/}$text; done
    printf '%s@%s\\n' "$name" "$realm"; at=$next
  done
}`;
