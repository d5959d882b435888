import type { Question } from '../question.ts';

/** A TCP connection from the host to one address of a backend. */
export interface Reach {
  readonly address: string;
  readonly connected: boolean;
  /** Time until the connection stood; `undefined` without one. */
  readonly latencyMs: number | undefined;
  /** The error in bash’s words; empty if it stood. */
  readonly why: string;
}

const TIMEOUT_S = 3;

// bash takes the time within one process: starting another one takes longer than a connection in the same network. The shortest of five
// counts, since all questions run at the same time and wait for the processor.
const SCRIPT = `reach() {
  said=$(timeout -k 1 "$3" bash -c 'now() { local time=\${EPOCHREALTIME:-}; printf -v "$1" %s "\${time//[.,]/}"; }
best=
for _ in 1 2 3 4 5; do
  now from; exec 3<>"/dev/tcp/$1/$2" || exit 7; now to; exec 3<&-
  took=\${from:+$((to - from))}
  [ -n "$best" ] && [ "$took" -ge "$best" ] || best=$took
  [ -n "$best" ] && [ "$best" -gt 1000 ] || break
done
printf "%s\\n" "$best"' hxllm "$1" "$2" 2>&1)
  code=$?; printf '%s\\t%s\\t%s\\n' "$1" "$code" "\${said//$'\\n'/ }"
}
all=() jobs=()
while read -r address _; do
  [[ " \${all[*]} " = *" $address "* ]] || all+=("$address")
done < <(timeout 12 getent ahosts "$1")
for address in "\${all[@]}"; do exec {fd}< <(reach "$address" "$2" "$3"); jobs+=("$fd"); done
for fd in "\${jobs[@]}"; do cat <&"$fd"; done
exit 0`;

/** Connects from the host to every address of a name. Empty: the name does not resolve. */
export function reachQuestion(name: string, port: number): Question<readonly Reach[]> {
  return {
    script: SCRIPT,
    arguments: [name, String(port), String(TIMEOUT_S)],
    as: 'user',
    timeoutS: 20,
    parse: ({ stdout }) => parseReach(stdout),
  };
}

/** Parses a line for each address: the address, the exit code, and microseconds or bash’s message. */
export function parseReach(text: string): readonly Reach[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [address = '', code = '', said = ''] = line.split('\t');
      const connected = code === '0';
      return {
        address,
        connected,
        latencyMs: connected && /^\d+$/.test(said) ? Number(said) / 1000 : undefined,
        why: connected
          ? ''
          : code === '124' || code === '137'
            ? `no answer within ${String(TIMEOUT_S)} s`
            : reasonIn(said),
      };
    });
}

// bash: `hxllm: connect: Connection refused hxllm: line 1: /dev/tcp/…: Connection refused`.
function reasonIn(said: string): string {
  return /connect: (.+?)(?: hxllm: |$)/.exec(said)?.[1] ?? (said === '' ? 'the connection failed' : said);
}
