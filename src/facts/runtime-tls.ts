import { decodeBase64, SAY } from './base64.ts';
import type { Question } from './question.ts';

/** The connections over TLS that the runtime on a host has made as the service's user, or the reason why it was not asked. */
export type RuntimeTls =
  | { readonly state: 'no-runtime' | 'no-user' | 'other-authorities' }
  /** By `HOST PORT`: empty if it connected, else Node's code and message. */
  | { readonly state: 'tried'; readonly failures: ReadonlyMap<string, string> };

/** Parameters of the question. */
export interface RuntimeTlsPlace {
  /** The link to the active release. */
  readonly current: string;
  readonly user: string;
  readonly group: string;
  readonly caFile: string;
  /** The SHA-256 that `caFile` should have; empty without litellm_ca_file. */
  readonly caSha256: string;
}

const CONNECT_S = 5;

// With -e the modules of Node are globals. A failure ends Node with its code and message. Four at once, since each takes 60 MB.
const SCRIPT = `${SAY}
current=$1 user=$2 group=$3 authorities=$4 sum=$5; shift 5
[ $# -gt 0 ] || exit 0
node=$(sed -nE "s#^exec '([^']*/bin/node)'.*#\\1#p" "$current/gateway" 2>/dev/null | head -n 1)
[ -n "$node" ] && [ -x "$node" ] || { say no-runtime; exit 0; }
id -u -- "$user" >/dev/null 2>&1 && getent group -- "$group" >/dev/null || { say no-user; exit 0; }
if [ -n "$sum" ]; then
  read -r found _ < <(sha256sum -- "$authorities" 2>/dev/null)
  [ "$found" = "$sum" ] || { say other-authorities; exit 0; }
fi
own=(); [ ! -d /etc/ssl/certs ] || own=(--use-system-ca)
cd /
connect() {
  local said code
  said=$(env -i \${sum:+NODE_EXTRA_CA_CERTS="$authorities"} setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs -- timeout -k 1 ${String(CONNECT_S)} "$node" "\${own[@]}" -e "tls.connect({host:'$1',port:$2,servername:'$3'},function(){this.destroy()})" 2>&1 >/dev/null); code=$?
  case $code in
    0) say tried "$1 $2";;
    124) say tried "$1 $2" 'no answer within ${String(CONNECT_S)} s';;
    *) say tried "$1 $2" "$(sed -nE "s/^ *code: '([^']*)'.*/\\1/p" <<< "$said" | head -n 1) $(sed -nE 's/^[A-Za-z]*Error[^:]*: //p' <<< "$said" | head -n 1)";;
  esac
}
while [ $# -gt 0 ]; do
  fds=()
  for ((n = 0; n < 4 && $# > 0; n++)); do exec {fd}< <(connect "$1" "$2" "$3"); fds+=("$fd"); shift 3; done
  for fd in "\${fds[@]}"; do cat <&"$fd"; exec {fd}<&-; done
done
exit 0`;

/** Connects to servers with the runtime of the release in use, its flags and its authorities, as the service's user. */
export function runtimeTlsQuestion(
  { current, user, group, caFile, caSha256 }: RuntimeTlsPlace,
  servers: readonly (readonly [hostname: string, port: number])[],
): Question<RuntimeTls> {
  return {
    script: SCRIPT,
    arguments: [
      current,
      user,
      group,
      caFile,
      caSha256,
      ...servers.flatMap(([name, port]) => [name, String(port), /^[\d.]+$|:/.test(name) ? '' : name]),
    ],
    as: 'root',
    timeoutS: 20,
    parse: ({ stdout }) => parseRuntimeTls(stdout),
  };
}

/** Parses the lines of the script: a state, or `tried SERVER FAILURE`. */
export function parseRuntimeTls(stdout: string): RuntimeTls {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  const [state] = lines[0] ?? [];
  if (state === 'no-runtime' || state === 'no-user' || state === 'other-authorities') return { state };
  return {
    state: 'tried',
    failures: new Map(
      lines
        .filter(([word]) => word === 'tried')
        .map(([, server = '-', failure = '-']) => [decodeBase64(server), decodeBase64(failure).trim()]),
    ),
  };
}
