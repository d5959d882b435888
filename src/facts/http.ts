import type { Answer, Question } from './question.ts';

/** The result of a GET from the host. `unreachable`: no HTTP answer, and the reason. */
export type Got =
  | { readonly state: 'answered'; readonly status: number; readonly body: string }
  | { readonly state: 'unreachable'; readonly why: string };

/** Time that the host waits for an answer. */
const GET_TIMEOUT_S = 5;

/** A list of a thousand models has 0.5 MB. A server that never stops sending costs no more memory than this. */
const BODY_MAX = 4 * 1024 * 1024;

// Works without curl: bash speaks HTTP/1.0, whose answers end with the connection and are never chunked. Exit codes are
// curl's: 6 unknown name, 7 no connection, 28 timeout.
const PLAIN = `limit=$5
timeout -k 1 "$limit" bash -c '
exec 2>&1
exec 3<>"/dev/tcp/$1/$2" || exit 7
exec 2>/dev/null
printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\nAccept: application/json\\r\\nConnection: close\\r\\n\\r\\n" "$3" "$4" >&3
head -c ${String(BODY_MAX)} <&3' hxllm "$@"
code=$?; [ $code = 124 ] && exit 28; exit $code`;

/** A GET from the host itself. `url` is `http://` or `https://`; only host, port, path and query of it are used. */
export function getQuestion(url: string): Question<Got> {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  const path = `${pathname}${search}`;
  if (protocol === 'https:')
    return {
      script: '',
      tls: { hostname: name, port: port === '' ? 443 : Number(port), send: getRequest(path, host) },
      as: 'user',
      timeoutS: GET_TIMEOUT_S,
      parse: parseGot,
    };
  return {
    script: PLAIN,
    arguments: [name, port === '' ? '80' : port, path, host, String(GET_TIMEOUT_S)],
    as: 'user',
    timeoutS: GET_TIMEOUT_S + 3,
    parse: parseGot,
  };
}

// HTTP/1.0 ends with the connection and has no chunks, but some proxies answer in HTTP/1.1 all the same.
function getRequest(path: string, host: string): string {
  return `GET ${path} HTTP/1.0\r\nHost: ${host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n`;
}

/** Parses the response. */
export function parseGot({ stdout, exitCode }: Answer): Got {
  const head = /(?:^|\n)HTTP\/[\d.]+ (\d{3})[^\n]*\n/.exec(stdout);
  if (head !== null) {
    const rest = stdout.slice(head.index + head[0].length);
    const [, fields = '', body = ''] = /^([\s\S]*?\n|)\r?\n([\s\S]*)$/.exec(rest) ?? [];
    return {
      state: 'answered',
      status: Number(head[1]),
      body: /^transfer-encoding:.*\bchunked\b/im.test(fields) ? joinChunks(body) : body,
    };
  }
  if (exitCode === 28) return { state: 'unreachable', why: `no answer within ${String(GET_TIMEOUT_S)} s` };
  if (exitCode === 0) return { state: 'unreachable', why: 'it closed the connection without an HTTP answer' };
  return { state: 'unreachable', why: reasonIn(stdout) ?? `the request exited with ${String(exitCode)}` };
}

// Chunk sizes count bytes, and the text is already decoded: so it is split as bytes again.
function joinChunks(body: string): string {
  const bytes = new TextEncoder().encode(body);
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf(10, at);
    const size = end < 0 ? Number.NaN : Number.parseInt(decoder.decode(bytes.subarray(at, end)), 16);
    if (Number.isNaN(size) || size === 0) return parts.join('');
    parts.push(decoder.decode(bytes.subarray(end + 1, end + 1 + size), { stream: true }));
    at = end + 1 + size + 2;
  }
}

// bash: `hxllm: connect: Connection refused`, `hxllm: no.such: Name or service not known`; curl: `curl: (7) Failed …`.
function reasonIn(message: string): string | undefined {
  const lines = message
    .split('\n')
    .map((line) => line.replace(/^(?:hxllm: (?:line \d+: )?(?:connect: )?|curl: \(\d+\) )/, '').trim());
  return lines.find((line) => line !== '');
}
