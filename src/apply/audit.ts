import { randomUUID } from 'node:crypto';
import type { Host } from '../core/host.ts';
import { quote } from '../core/shell.ts';
import type { AuditEntry } from '../core/audit-entry.ts';
import { decodeWarnings } from './transcript.ts';

/** A line for the audit log of a host, and the log's path. */
export interface AuditLine {
  readonly file: string;
  readonly entry: AuditEntry;
}

/**
 * The bash functions `audit FILE MEMBERS`: appends one line of JSON to the audit log, in one write. `MEMBERS` are those of the line without its
 * braces; the host adds its time and the login. Nothing that goes wrong stops a deployment: it is said as a warning. Root never writes through
 * a folder or a link of another user.
 */
export const AUDIT = `
audit_line() {
  local file=$1 members=$2 folder=\${1%/*} holder begin=
  [ -e "$folder" ] || [ -L "$folder" ] || mkdir -p -m 750 -- "$folder" || return
  [ ! -L "$folder" ] && [ -d "$folder" ] && [ -O "$folder" ] || { echo "$folder is not a folder of $(id -un); to fix it: sudo chown root:root $folder && sudo chmod 750 $folder"; return 1; }
  [ $((8#$(stat -c %a -- "$folder") & 8#022)) = 0 ] || { echo "others may write to $folder; to fix it: sudo chmod 750 $folder"; return 1; }
  if [ ! -e "$file" ] && [ ! -L "$file" ]; then (umask 027; : > "$file") || return; fi
  [ ! -L "$file" ] && [ -f "$file" ] && [ -O "$file" ] || { echo "$file is not a file of $(id -un)"; return 1; }
  holder=$(head -c 300 -- "\${HXLLM_WORK%.work}" 2>/dev/null | head -n 1)
  holder=\${holder#* }; holder=\${holder%% (*}; holder=\${holder//[^a-zA-Z0-9 ._:@-]/?}
  # The rest of a line that a full disk cut off must not take this one along.
  [ -z "$(tail -c 1 -- "$file")" ] || begin=$'\\n'
  printf '%s{"at":"%s","login":"%s",%s}\\n' "$begin" "$(date -u +%FT%TZ)" "$holder" "$members" >> "$file" && sync -- "$file"
}
audit() {
  local said new=
  [ -e "$1" ] || new=1
  said=$(audit_line "$@" 2>&1) || say warning "$(printf 'the audit log %s was not written: %s' "$1" "$(printf %s "$said" | tail -n 1)" | base64 -w0)"
  # logrotate makes a new file, which is to be append-only again.
  [ ! -f "$1" ] || [ -L "$1" ] || said=$(chattr +a -- "$1" 2>&1) || [ -z "$new" ] ||
    say warning "$(printf 'the audit log %s is not append-only here: %s' "$1" "$(printf %s "$said" | tail -n 1)" | base64 -w0)"
  return 0
}
`;

/** The call of `audit` in a script. */
export function auditCall({ file, entry }: AuditLine): string {
  const members = JSON.stringify(entry).slice(1, -1);
  return `audit ${quote(file)} ${quote(members)}`;
}

const TIMEOUT_MS = 15_000;

/** Appends a line to the audit log of a held host. Returns the warnings. */
export async function appendAudit(host: Host, line: AuditLine): Promise<readonly string[]> {
  const nonce = randomUUID();
  const script = `{\nexport LC_ALL=C; nonce=${nonce}\nsay() { printf '%s\\n' "$nonce $*"; }\n${AUDIT}\n${auditCall(line)}\nexit 0\n}\n`;
  const ran = await host.run(
    { argv: ['bash', '-s'], title: 'write the audit log', stdin: script },
    // An interrupted run says how it ended, too.
    { signal: new AbortController().signal, timeoutMs: TIMEOUT_MS },
  );
  if (!ran.ok) return [`the audit log ${line.file} was not written: ${ran.problems[0].summary}`];
  return decodeWarnings(ran.value.stdout, nonce);
}
