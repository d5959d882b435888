import { isObject, parseJson } from '../core/json.ts';
import { decodeBase64, SAY } from './base64.ts';
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

// One request after the other, so that a server never has more than one of them. Of the answers of /api/show, whose licenses have 10 kB
// each, only these parts leave the host.
const SCRIPT = `${SAY}
scheme=$1 name=$2 port=$3 header=$4 base=$5; shift 5
body='' method=GET path=''
request() { printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "$method" "$path" "$header" "\${#body}" "$body"; }
send() {
  method=$1 path=$2 body=$3
  if [ "$scheme" = http: ]; then
    request | timeout -k 1 4 bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 7; cat >&3; head -c 4194304 <&3' hxllm "$name" "$port"
  elif command -v curl >/dev/null; then
    curl -sS -i --http1.0 --noproxy '*' --max-time 4 -X "$method" -H 'Content-Type: application/json' \${body:+-d} \${body:+"$body"} "https://$header$path"
  elif command -v openssl >/dev/null; then
    request | timeout -k 1 4 openssl s_client -quiet -connect "$name:$port" -servername "$name" -verify_hostname "$name" -verify_return_error
  else exit 0; fi 2>/dev/null
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
  return {
    script: SCRIPT,
    arguments: [
      protocol,
      hostname.replace(/^\[(.*)\]$/, '$1'),
      port === '' ? (protocol === 'https:' ? '443' : '80') : port,
      host,
      pathname.replace(/\/+$/, ''),
      // A name with another character is none of Ollama’s, and would leave the quotes of its document.
      ...models.filter((name) => /^[\w.:/@-]+$/.test(name)),
    ],
    as: 'user',
    timeoutS: 20,
    parse: parseDetails,
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
