import { isObject, parseJson } from '../core/json.ts';
import { decodeBase64, SAY } from './base64.ts';
import { responsesIn, type HttpResponse } from './http-responses.ts';
import type { Answer, Question } from './question.ts';

/** A model in the memory of a server. */
export interface LoadedModel {
  readonly name: string;
  /** `context_length` of `/api/ps`: the context that it was loaded with. */
  readonly context: number | undefined;
}

/** A model as `/api/show` describes it. */
export interface ShownModel {
  /** The name that was asked for. */
  readonly name: string;
  /** `num_ctx` of its Modelfile. `undefined`: the server’s own default holds (OLLAMA_CONTEXT_LENGTH, or by VRAM). */
  readonly numCtx: number | undefined;
  /** The longest context that it was trained for. */
  readonly trainedContext: number | undefined;
  /** The file of its weights on the server: `/usr/share/ollama/.ollama/models/blobs/sha256-…`. */
  readonly weights: string | undefined;
}

/** The memory of a server, and the models of the configuration that it has. */
export interface BackendDetails {
  readonly loaded: readonly LoadedModel[];
  readonly shown: readonly ShownModel[];
}

const TIMEOUT_S = 20;

/** The parts of an answer of `/api/show` that count, by the pattern that grep uses in the script. */
const PARTS = /"parameters":"(?:[^"\\]|\\.)*"|FROM \/[^"\\ ]+|"[A-Za-z0-9_.-]+[.]context_length":[0-9]+/g;

// One request after the other, so that a server never has more than one of them. Of the answers of /api/show, whose licenses have 10 kB
// each, only these parts leave the host.
const SCRIPT = `${SAY}
name=$1 port=$2 header=$3 base=$4; shift 4
body='' method=GET path=''
request() { printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "$method" "$path" "$header" "\${#body}" "$body"; }
send() {
  method=$1 path=$2 body=$3
  request | timeout -k 1 4 bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 7; cat >&3; head -c 4194304 <&3' hxllm "$name" "$port" 2>/dev/null
}
loaded=$(send GET "$base/api/ps" '' | tr -d '\\r')
case $loaded in 'HTTP/'*' 200 '*) ;; *) exit 0;; esac
blank=$'\\n\\n'
say loaded "\${loaded##*"$blank"}"
for model; do
  shown=$(send POST "$base/api/show" "{\\"model\\":\\"$model\\"}" | grep -aoE '^HTTP/[0-9.]+ 200|"parameters":"([^"\\\\]|\\\\.)*"|FROM /[^"\\\\ ]+|"[A-Za-z0-9_.-]+[.]context_length":[0-9]+')
  case $shown in HTTP/*) say shown "$model" "$shown";; esac
done
exit 0`;

/** The models in memory at a backend’s URL, and its description of each of these models, requested from the host. */
export function ollamaDetailsQuestion(url: string, models: readonly string[]): Question<BackendDetails | undefined> {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  const base = pathname.replace(/\/+$/, '');
  // A name with another character is none of Ollama’s, and would leave the quotes of its document.
  const named = models.filter((model) => /^[\w.:/@-]+$/.test(model));
  if (protocol === 'https:')
    return {
      script: '',
      tls: { hostname: name, port: port === '' ? 443 : Number(port), send: requestsOf(host, base, named) },
      as: 'user',
      timeoutS: TIMEOUT_S,
      parse: ({ stdout }) => detailsIn(responsesIn(stdout), named),
    };
  return {
    script: SCRIPT,
    arguments: [name, port === '' ? '80' : port, host, base, ...named],
    as: 'user',
    timeoutS: TIMEOUT_S,
    parse: parseDetails,
  };
}

// All requests go out at once on one connection; a server of HTTP/1.1 answers one after the other (RFC 9112, 9.3.2).
function requestsOf(host: string, base: string, models: readonly string[]): string {
  const bodies = ['', ...models.map((model) => JSON.stringify({ model }))];
  return bodies
    .map((body, index) =>
      [
        `${body === '' ? 'GET' : 'POST'} ${base}/api/${body === '' ? 'ps' : 'show'} HTTP/1.1`,
        `Host: ${host}`,
        'Accept: application/json',
        `Connection: ${index === bodies.length - 1 ? 'close' : 'keep-alive'}`,
        ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${String(body.length)}`]),
        '',
        body,
      ].join('\r\n'),
    )
    .join('');
}

function detailsIn([ps, ...shows]: readonly HttpResponse[], models: readonly string[]): BackendDetails | undefined {
  const document = ps?.status === 200 ? parseJson(ps.body) : undefined;
  if (document === undefined) return undefined;
  return {
    loaded: loadedOf(document),
    shown: models.flatMap((name, index) => {
      const { status, body } = shows[index] ?? { status: 0, body: '' };
      return status === 200 ? [shownOf(name, (body.match(PARTS) ?? []).join('\n'))] : [];
    }),
  };
}

/** Parses lines `loaded DOCUMENT` and `shown NAME PARTS`; `undefined` if the server did not answer. */
export function parseDetails({ stdout }: Answer): BackendDetails | undefined {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  const [document] = lines.filter(([kind]) => kind === 'loaded').map(([, text = '']) => parseJson(decodeBase64(text)));
  if (document === undefined) return undefined;
  return {
    loaded: loadedOf(document),
    shown: lines
      .filter(([kind]) => kind === 'shown')
      .map(([, name = '', parts = '']) => shownOf(decodeBase64(name), decodeBase64(parts))),
  };
}

function loadedOf(document: unknown): readonly LoadedModel[] {
  const models: unknown = isObject(document) ? document['models'] : undefined;
  return (Array.isArray(models) ? models : []).flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['name'] === 'string'
      ? [
          {
            name: entry['name'],
            context: typeof entry['context_length'] === 'number' ? entry['context_length'] : undefined,
          },
        ]
      : [],
  );
}

function shownOf(name: string, parts: string): ShownModel {
  const document = /^"parameters":("(?:[^"\\]|\\.)*")$/m.exec(parts)?.[1];
  const parameters: unknown = document === undefined ? undefined : parseJson(document);
  const numCtx = typeof parameters === 'string' ? /^num_ctx\s+(\d+)$/m.exec(parameters)?.[1] : undefined;
  const trained = /context_length":(\d+)$/m.exec(parts)?.[1];
  return {
    name,
    numCtx: numCtx === undefined ? undefined : Number(numCtx),
    trainedContext: trained === undefined ? undefined : Number(trained),
    weights: /^FROM (\/.+)$/m.exec(parts)?.[1],
  };
}
